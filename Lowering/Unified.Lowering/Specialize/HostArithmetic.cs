using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// A host operator for each C# type it exists for; a unary one ignores its second operand. <see cref="Size"/> is its meaning
/// for sizes not yet known, or null where it needs numbers.
/// </summary>
internal sealed record HostOperator(string Name)
{
    public Func<int, int, int>? Int { get; init; }

    public Func<long, long, long>? Long { get; init; }

    public Func<float, float, float>? Float { get; init; }

    public Func<double, double, double>? Double { get; init; }

    public Func<Frame, Dim, Dim, Dim?>? Size { get; init; }
}

/// <summary>Arithmetic on host numbers with C# semantics, one row per operator.</summary>
internal static class HostArithmetic
{
    private static readonly ImmutableArray<HostOperator> Rows =
    [
        new("neg") { Int = (a, _) => unchecked(-a), Long = (a, _) => unchecked(-a), Float = (a, _) => -a, Double = (a, _) => -a, Size = (_, a, _) => a * -1 },
        new("add") { Int = (a, b) => unchecked(a + b), Long = (a, b) => unchecked(a + b), Float = (a, b) => a + b, Double = (a, b) => a + b, Size = (_, a, b) => a + b },
        new("sub") { Int = (a, b) => unchecked(a - b), Long = (a, b) => unchecked(a - b), Float = (a, b) => a - b, Double = (a, b) => a - b, Size = (_, a, b) => a - b },
        new("mul") { Int = (a, b) => unchecked(a * b), Long = (a, b) => unchecked(a * b), Float = (a, b) => a * b, Double = (a, b) => a * b, Size = (_, a, b) => a * b },
        new("div") { Int = (a, b) => a / b, Long = (a, b) => a / b, Float = (a, b) => a / b, Double = (a, b) => a / b, Size = Quotient },
        new("rem") { Int = (a, b) => a % b, Long = (a, b) => a % b, Float = (a, b) => a % b, Double = (a, b) => a % b, Size = (f, a, b) => Quotient(f, a, b) is { } q ? a - (q * b) : null },
        new("min") { Int = Math.Min, Long = Math.Min, Float = Math.Min, Double = Math.Min, Size = (_, a, b) => Dim.Min(a, b) },
        new("max") { Int = Math.Max, Long = Math.Max, Float = Math.Max, Double = Math.Max, Size = (_, a, b) => Dim.Max(a, b) },
        new("abs") { Int = (a, _) => Math.Abs(a), Long = (a, _) => Math.Abs(a), Float = (a, _) => Math.Abs(a), Double = (a, _) => Math.Abs(a), Size = (_, a, _) => SizeFacts.IsNonNegative(a) ? a : Dim.Max(a, a * -1) },
        new("and") { Int = (a, b) => a & b, Long = (a, b) => a & b },
        new("or") { Int = (a, b) => a | b, Long = (a, b) => a | b },
        new("xor") { Int = (a, b) => a ^ b, Long = (a, b) => a ^ b },
        new("not") { Int = (a, _) => ~a, Long = (a, _) => ~a },
        new("sqrt") { Float = (a, _) => MathF.Sqrt(a), Double = (a, _) => Math.Sqrt(a) },
        new("pow") { Float = MathF.Pow, Double = Math.Pow },
        new("log") { Float = (a, _) => MathF.Log(a), Double = (a, _) => Math.Log(a) },
        new("exp") { Float = (a, _) => MathF.Exp(a), Double = (a, _) => Math.Exp(a) },
    ];

    private static readonly FrozenDictionary<string, HostOperator> ByName = Rows.ToFrozenDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>The operator applied in C# type <paramref name="type"/>, its operands converted to it.</summary>
    public static Value Apply(Frame frame, string name, string type, ImmutableArray<Value> operands)
    {
        if (!ByName.TryGetValue(name, out var row))
        {
            throw frame.Fail($"there is no host operator '{name}'");
        }

        if (operands.Any(o => o is SizeValue))
        {
            return Symbolic(frame, row, type, operands);
        }

        var a = frame.Object(operands[0], $"'{name}'");
        var b = operands.Length > 1 ? frame.Object(operands[1], $"'{name}'") : 0;
        return Apply(row, a, b, type) is { } result
            ? new HostValue(result)
            : throw frame.Fail($"host operator '{name}' is not known for {operands[0].Describe()} with result {type}", eager: true);
    }

    private static object? Apply(HostOperator row, object? a, object? b, string type)
    {
        var integers = HostNumbers.TryInteger(a, out var x) & HostNumbers.TryInteger(b, out var y);
        var numbers = HostNumbers.TryNumber(a, out var u) & HostNumbers.TryNumber(b, out var v);
        return type switch
        {
            "int" when integers => (object?)row.Int?.Invoke(unchecked((int)x), unchecked((int)y)),
            "long" when integers => (object?)row.Long?.Invoke(x, y),
            "float" when numbers => (object?)row.Float?.Invoke((float)u, (float)v),
            "double" when numbers => (object?)row.Double?.Invoke(u, v),
            _ => null,
        };
    }

    private static Value Symbolic(Frame frame, HostOperator row, string type, ImmutableArray<Value> operands)
    {
        var sizes = operands.Select(HostAccess.TrySize).ToArray();
        var result = type is "int" or "long" && sizes.All(s => s is not null) ? row.Size?.Invoke(frame, sizes[0]!, sizes.Length > 1 ? sizes[1]! : Dim.Zero) : null;
        return result is null
            ? throw frame.NeedsConstants(operands.OfType<SizeValue>().SelectMany(o => o.Dim.Names()), $"'{row.Name}'")
            : Specialization.Size(result, type);
    }

    // C# rounds towards zero and FloorDiv downwards: the same as long as nothing is negative.
    private static Dim? Quotient(Frame frame, Dim a, Dim b)
    {
        if (SizeFacts.IsNegative(a) || SizeFacts.IsNegative(b - 1))
        {
            return null;
        }

        frame.Require(a, $"{a} is divided and is negative");
        frame.Require(b - 1, $"{b} is a divisor and is not positive");
        return Dim.FloorDiv(a, b);
    }
}
