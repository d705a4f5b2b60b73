namespace Unified.Benchmarks.Works;

/// <summary>All rows, in the order of the tables.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Work> All { get; } =
        [.. Matrices.All(), .. Elementwise.All(), .. AttentionWorks.All(), .. WholeModels.All(), .. Overheads.All()];
}
