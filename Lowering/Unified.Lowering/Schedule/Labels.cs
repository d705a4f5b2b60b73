using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>The names of kernels in profiles.</summary>
internal static class Labels
{
    private const int Longest = 6;

    public static string Of(FusionGroup group, IReadOnlyList<string> names)
    {
        var kind = group.Copy is { Source: < 0 } ? "fill" : group.Copy is null && group.Kind != GroupKind.Row ? "" : group.Kind == GroupKind.Row ? "rows" : "copy";
        var chain = Chain(names);
        return chain.Length == 0 ? (kind.Length == 0 ? "fill" : kind) : group.Kind == GroupKind.Column ? $"columns {chain}" : kind.Length == 0 ? chain : $"{kind} {chain}";
    }

    public static string OfProduct(Shape a, Shape b, bool transposeA, bool transposeB, IReadOnlyList<string> names) =>
        $"matmul {a}{(transposeA ? "ᵀ" : "")}·{b}{(transposeB ? "ᵀ" : "")}{(names.Count == 0 ? "" : " +" + Chain(names, "+"))}";

    private static string Chain(IReadOnlyList<string> names, string joint = "·") => names.Count <= Longest
        ? string.Join(joint, names)
        : string.Join(joint, names.Take(Longest / 2)) + $"{joint}…{joint}" + string.Join(joint, names.Skip(names.Count - (Longest / 2)));
}
