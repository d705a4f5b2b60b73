using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A comparison of numbers; of sizes, as dims that are all non-negative exactly when it is true, or false.</summary>
internal sealed record HostComparison(
    string Name, Func<long, long, bool> Long, Func<double, double, bool> Double, Func<Dim, Dim, Dim[]?> WhenTrue, Func<Dim, Dim, Dim[]?> WhenFalse);

/// <summary>Comparisons and logic of host code. A condition on sizes is decided where it can be proved.</summary>
internal static class HostConditions
{
    private static readonly ImmutableArray<HostComparison> Rows =
    [
        new("lt", (a, b) => a < b, (a, b) => a < b, (a, b) => [b - a - 1], (a, b) => [a - b]),
        new("le", (a, b) => a <= b, (a, b) => a <= b, (a, b) => [b - a], (a, b) => [a - b - 1]),
        new("gt", (a, b) => a > b, (a, b) => a > b, (a, b) => [a - b - 1], (a, b) => [b - a]),
        new("ge", (a, b) => a >= b, (a, b) => a >= b, (a, b) => [a - b], (a, b) => [b - a - 1]),
        new("eq", (a, b) => a == b, (a, b) => a == b, (a, b) => [a - b, b - a], (_, _) => null),
        new("ne", (a, b) => a != b, (a, b) => a != b, (_, _) => null, (a, b) => [a - b, b - a]),
    ];

    private static readonly FrozenDictionary<string, HostComparison> ByName = Rows.ToFrozenDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>The value of a comparison or of logic on bools; null when the operator is neither.</summary>
    public static Value? TryApply(Frame frame, string name, ImmutableArray<Value> operands) =>
        ByName.TryGetValue(name, out var comparison) ? Compare(frame, comparison, operands[0], operands[1])
        : operands.All(o => o is ConditionValue or HostValue { Object: bool }) ? Logic(name, operands)
        : null;

    private static Value Compare(Frame frame, HostComparison row, Value left, Value right)
    {
        if ((IsNull(left) || IsNull(right)) && (row.Name is "eq" or "ne"))
        {
            return NullTest(frame, IsNull(left) ? right : left, row.Name == "eq");
        }

        if (left is SizeValue || right is SizeValue)
        {
            return HostAccess.TrySize(left) is { } a && HostAccess.TrySize(right) is { } b
                ? Decide(row.WhenTrue(a, b), row.WhenFalse(a, b), (a - b).Names())
                : throw frame.NeedsConstants(new[] { left, right }.OfType<SizeValue>().SelectMany(s => s.Dim.Names()), $"'{row.Name}'");
        }

        var (x, y) = (Comparable(frame, left), Comparable(frame, right));
        if (HostNumbers.TryInteger(x, out var xi) && HostNumbers.TryInteger(y, out var yi))
        {
            return new HostValue(row.Long(xi, yi));
        }

        if (HostNumbers.TryNumber(x, out var xd) && HostNumbers.TryNumber(y, out var yd))
        {
            return new HostValue(row.Double(xd, yd));
        }

        return row.Name is "eq" or "ne"
            ? new HostValue(frame.Session.Host.AreEqual(x, y) == (row.Name == "eq"))
            : throw frame.Fail($"'{row.Name}' cannot compare {left.Describe()} with {right.Describe()}", eager: true);
    }

    private static bool IsNull(Value value) => value is HostValue { Object: null };

    /// <summary>Whether a value is null, or is not; of a torn one the graph knows it.</summary>
    private static Value NullTest(Frame frame, Value value, bool isNull)
    {
        if (value is not TornValue { WhenTrue: var a, WhenFalse: var b, Condition: var condition })
        {
            return new HostValue(IsNull(value) == isNull);
        }

        if (a is TornValue || b is TornValue || !frame.Region.Knows(condition))
        {
            throw frame.Fail($"a variable that is {value.Describe()} is compared with null; decide by the condition itself", eager: true);
        }

        var (whenTrue, whenFalse) = (IsNull(a) == isNull, IsNull(b) == isNull);
        return whenTrue == whenFalse ? new HostValue(whenTrue)
            : new ScalarValue(whenTrue ? frame.Region.Import(condition) : frame.Builder.Apply(OpCode.LogicalNot, frame.Region.Import(condition)), "bool");
    }

    // Tensors compare by identity: one that only the graph has is equal to itself.
    private static object? Comparable(Frame frame, Value value) =>
        value is TensorValue or PlaceValue { Key: not HandleKey } or AggregateValue ? value : frame.Object(value, "a comparison");

    private static Value Decide(Dim[]? whenTrue, Dim[]? whenFalse, ImmutableSortedSet<string> names)
    {
        if (Proved(whenTrue) || Refuted(whenFalse))
        {
            return new HostValue(true);
        }

        return Proved(whenFalse) || Refuted(whenTrue)
            ? new HostValue(false)
            : new ConditionValue(whenTrue is null ? null : [.. whenTrue], whenFalse is null ? null : [.. whenFalse], names);
    }

    private static bool Proved(Dim[]? all) => all is not null && all.All(SizeFacts.IsNonNegative);

    private static bool Refuted(Dim[]? all) => all is not null && all.Any(SizeFacts.IsNegative);

    private static Value? Logic(string name, ImmutableArray<Value> operands)
    {
        if (operands.All(o => o is HostValue))
        {
            var (a, b) = (Bool(operands[0]), operands.Length > 1 && Bool(operands[1]));
            return name switch
            {
                "not" => new HostValue(!a),
                "and" => new HostValue(a & b),
                "or" => new HostValue(a | b),
                "xor" => new HostValue(a ^ b),
                _ => null,
            };
        }

        if (name == "not")
        {
            return Not(operands[0]);
        }

        var (left, right) = (operands[0], operands[1]);
        return name switch
        {
            "and" => And(left, right),
            "or" => Not(And(Not(left), Not(right))),
            "xor" when left is HostValue => Bool(left) ? Not(right) : right,
            "xor" when right is HostValue => Bool(right) ? Not(left) : left,
            "xor" => new ConditionValue(null, null, ((ConditionValue)left).Names.Union(((ConditionValue)right).Names)),
            _ => null,
        };
    }

    private static Value Not(Value value) => value is ConditionValue c
        ? new ConditionValue(c.WhenFalse, c.WhenTrue, c.Names)
        : new HostValue(!Bool(value));

    private static Value And(Value left, Value right) => (left, right) switch
    {
        (HostValue, _) => Bool(left) ? right : left,
        (_, HostValue) => Bool(right) ? left : right,
        (ConditionValue a, ConditionValue b) => new ConditionValue(
            a.WhenTrue is { } x && b.WhenTrue is { } y ? x.AddRange(y) : null, null, a.Names.Union(b.Names)),
        _ => throw new InvalidOperationException("and: operands are bools"),
    };

    private static bool Bool(Value value) => value is HostValue { Object: true };
}
