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
        new("div", OpCode.Div),
        new("rem", OpCode.Remainder),
        new("sqrt", OpCode.Sqrt, IsForIntegers: false),
        new("exp", OpCode.Exp, IsForIntegers: false),
        new("log", OpCode.Log, IsForIntegers: false),
        new("pow", OpCode.Pow, IsForIntegers: false),
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
        if (frame.Session.Maps > 0)
        {
            throw frame.Fail("Item within a Vmap; compute with tensors there", eager: true);
        }

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

        var isOfHost = operands.All(o => o is not ScalarValue { IsOfHost: false });
        if (dtype.IsFloat() && row.IsComparison && isOfHost)
        {
            throw NotExact(frame, "a comparison");
        }

        if (!dtype.IsFloat() && name is "div" or "rem" && !IsSafeDivisor(operands[1]))
        {
            throw frame.Fail($"{operands[0].Describe()} is divided by {operands[1].Describe()}; in a graph a divisor of whole numbers is known, and neither 0 nor -1", eager: true);
        }

        var state = frame.Save();
        var leaves = operands.Select(o => Leaf.Of(o, state)).ToList();
        if (leaves.Exists(l => l is null || l.Type.DType != dtype))
        {
            throw Unknown();
        }

        return new ScalarValue(frame.Builder.Apply(row.Op, [.. leaves.Select(l => l!.In(frame.Region))]), row.IsComparison ? "bool" : type)
        {
            IsOfHost = isOfHost,
            Form = dtype is DType.I32 or DType.I64 ? Form(frame, name, operands) : null,
        };

        GraphCompileException Unknown() => frame.Fail(
            $"'{name}' of {string.Join(" and ", operands.Select(o => o.Describe()))} has no form in a graph; compute it with tensors", eager: true);
    }

    // As in C#: truncated, and the nearest that the type has where it has none.
    private static ScalarValue Convert(Frame frame, ScalarValue value, string type)
    {
        var from = Leaf.DTypeOf(value.Type)!.Value;
        if (Leaf.DTypeOf(type) is not { } to)
        {
            throw frame.Fail($"{value.Describe()} is made {type}; a graph computes int, long, float, double and bool", eager: true);
        }

        if (from.IsFloat() && !to.IsFloat() && value.IsOfHost)
        {
            throw NotExact(frame, "a conversion to a whole number");
        }

        return new ScalarValue(frame.Builder.Cast(frame.Region.Import(value.Tensor), to), type)
        {
            IsOfHost = value.IsOfHost,
            Form = to == DType.I64 && from == DType.I32 ? frame.Session.FormOf(value) : null,
        };
    }

    // Eager code computes such a number with the host's functions, which may differ in the last place: unrolled, it takes the same way.
    private static GraphCompileException NotExact(Frame frame, string what) =>
        frame.Fail($"{what} decides on a fraction that a long loop computes on the host; count in whole numbers, or compute it with tensors", eager: true);

    // C# throws for 0, and for the least number divided by -1.
    private static bool IsSafeDivisor(Value divisor) =>
        divisor is HostValue host && HostNumbers.TryInteger(host.Object, out var number) && number is not (0 or -1);

    private static Dim? Form(Frame frame, string name, ImmutableArray<Value> operands)
    {
        var dims = operands.Select(o => o is ScalarValue scalar ? frame.Session.FormOf(scalar) : HostAccess.TrySize(o)).ToList();
        return dims.Contains(null) ? null : name switch
        {
            "neg" => dims[0]! * -1,
            "add" => dims[0]! + dims[1]!,
            "sub" => dims[0]! - dims[1]!,
            "mul" => dims[0]! * dims[1]!,
            _ => null,
        };
    }
}
