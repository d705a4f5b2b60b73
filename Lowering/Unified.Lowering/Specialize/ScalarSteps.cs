using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Arithmetic and comparisons of host numbers that only the running graph knows: the same C# types, as rank-0 tensors.</summary>
internal static class ScalarSteps
{
    private const string Conversion = "to_";

    /// <summary>An operator whose op gives what C# gives; for whole numbers only where the op rounds or orders otherwise.</summary>
    private sealed record Row(string Name, OpCode Op, bool IsComparison = false, bool IsForFloats = true, bool IsForIntegers = true, bool IsForBools = false);

    private static readonly FrozenDictionary<string, Row> Rows = ((ImmutableArray<Row>)
    [
        new("neg", OpCode.Neg),
        new("add", OpCode.Add),
        new("sub", OpCode.Sub),
        new("mul", OpCode.Mul),
        new("div", OpCode.Div, IsForIntegers: false),
        new("sqrt", OpCode.Sqrt, IsForIntegers: false),
        new("abs", OpCode.Abs, IsForIntegers: false),
        new("min", OpCode.Minimum, IsForFloats: false),
        new("max", OpCode.Maximum, IsForFloats: false),
        new("eq", OpCode.Equal, IsComparison: true, IsForBools: true),
        new("ne", OpCode.NotEqual, IsComparison: true, IsForBools: true),
        new("lt", OpCode.Less, IsComparison: true),
        new("le", OpCode.LessEqual, IsComparison: true),
        new("gt", OpCode.Greater, IsComparison: true),
        new("ge", OpCode.GreaterEqual, IsComparison: true),
        new("and", OpCode.LogicalAnd, IsForFloats: false, IsForIntegers: false, IsForBools: true),
        new("or", OpCode.LogicalOr, IsForFloats: false, IsForIntegers: false, IsForBools: true),
        new("xor", OpCode.LogicalXor, IsForFloats: false, IsForIntegers: false, IsForBools: true),
        new("not", OpCode.LogicalNot, IsForFloats: false, IsForIntegers: false, IsForBools: true),
    ]).ToFrozenDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary><c>x.Item&lt;T&gt;()</c>: the only element, as a number that the graph will know.</summary>
    public static Value Item(Frame frame, Value value, string type)
    {
        var tensor = frame.Tensor(value);
        return tensor.Shape.Size.Is(1) && tensor.DType == Leaf.DTypeOf(type)
            ? new ScalarValue(frame.Builder.Reshape(tensor, Shape.Scalar), type)
            : throw frame.Fail($"Item<{type}> reads the only element of a tensor of this type, not {tensor.Type}", eager: true);
    }

    /// <summary>The operator on numbers of which at least one is known only when the graph runs.</summary>
    /// <param name="type">The C# type of the result.</param>
    public static Value Apply(Frame frame, string name, string type, ImmutableArray<Value> operands)
    {
        if (name.StartsWith(Conversion, StringComparison.Ordinal))
        {
            return Convert(frame, (ScalarValue)operands[0], name[Conversion.Length..]);
        }

        var common = operands.OfType<ScalarValue>().First().Type;
        var dtype = Leaf.DTypeOf(common)!.Value;
        if (!Rows.TryGetValue(name, out var row) || !(dtype == DType.Bool ? row.IsForBools : dtype.IsFloat() ? row.IsForFloats : row.IsForIntegers))
        {
            throw Unknown();
        }

        var state = frame.Save();
        var leaves = operands.Select(o => Leaf.Of(o, state)).ToList();
        if (leaves.Exists(l => l is null || l.Type.DType != dtype))
        {
            throw Unknown();
        }

        return new ScalarValue(frame.Builder.Apply(row.Op, [.. leaves.Select(l => l!.In(frame.Region))]), row.IsComparison ? "bool" : type);

        GraphCompileException Unknown() => frame.Fail(
            $"'{name}' of {string.Join(" and ", operands.Select(o => o.Describe()))} has no form in a graph; compute it with tensors", eager: true);
    }

    // From a fraction to a whole number C# saturates where casts of tensors need not.
    private static ScalarValue Convert(Frame frame, ScalarValue value, string type)
    {
        var (from, to) = (Leaf.DTypeOf(value.Type)!.Value, Leaf.DTypeOf(type));
        return to is { } dtype && (dtype.IsFloat() || !from.IsFloat())
            ? new ScalarValue(frame.Builder.Cast(frame.Region.Import(value.Tensor), dtype), type)
            : throw frame.Fail($"{value.Describe()} is made {type}; in a graph a fraction cannot become a whole number of the host", eager: true);
    }
}
