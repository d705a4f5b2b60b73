using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>Host arithmetic on sizes that are known, or have a name.</summary>
internal static class HostShapes
{
    private static readonly ImmutableDictionary<string, Func<Dim, Dim, UnknownSizes, Fact>> s_binary = new Dictionary<string, Func<Dim, Dim, UnknownSizes, Fact>>
    {
        ["add"] = (a, b, _) => new SizeFact(a + b),
        ["sub"] = (a, b, _) => new SizeFact(a - b),
        ["mul"] = (a, b, _) => new SizeFact(a * b),
        ["div"] = ReadFacts.Divide,
        ["rem"] = (a, b, u) => a.IsConstant && b.IsConstant && !b.Is(0) ? new SizeFact(a.Value % b.Value) : new SizeFact(u.Next()),
        ["min"] = (a, b, _) => new SizeFact(Dim.Min(a, b)),
        ["max"] = (a, b, _) => new SizeFact(Dim.Max(a, b)),
        ["eq"] = (a, b, _) => Compare(a, b, sign => sign == 0),
        ["ne"] = (a, b, _) => Compare(a, b, sign => sign != 0),
        ["lt"] = (a, b, _) => Compare(a, b, sign => sign < 0),
        ["le"] = (a, b, _) => Compare(a, b, sign => sign <= 0),
        ["gt"] = (a, b, _) => Compare(a, b, sign => sign > 0),
        ["ge"] = (a, b, _) => Compare(a, b, sign => sign >= 0),
    }.ToImmutableDictionary(StringComparer.Ordinal);

    public static Fact Compute(ShapeFrame frame, HostInstruction step)
    {
        ImmutableArray<Fact> operands = [.. step.Operands.Select(o => frame[o])];
        var isWhole = step.Type is "int" or "long";
        if (operands is [SizeFact a, SizeFact b] && (isWhole || step.Type == "bool") && s_binary.TryGetValue(step.Operator, out var compute))
        {
            return compute(a.Value, b.Value, frame.Unknown);
        }

        return (step.Operator, operands) switch
        {
            ("neg", [SizeFact size]) when isWhole => new SizeFact(size.Value * -1),
            ("to_int" or "to_long", [SizeFact size]) => size,
            ("not", [ConstantFact { Value: bool value }]) => new ConstantFact(!value),
            ("and", [ConstantFact { Value: bool x }, ConstantFact { Value: bool y }]) => new ConstantFact(x && y),
            ("or", [ConstantFact { Value: bool x }, ConstantFact { Value: bool y }]) => new ConstantFact(x || y),
            _ => isWhole ? new SizeFact(frame.Unknown.Next()) : Fact.Nothing,
        };
    }

    private static Fact Compare(Dim a, Dim b, Func<int, bool> test) =>
        (a - b) is { IsConstant: true, Value: var difference } ? new ConstantFact(test(Math.Sign(difference))) : Fact.Nothing;
}
