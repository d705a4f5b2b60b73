using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns what is known of the sizes of named dims into a size for each, to plan for.</summary>
internal static class PlannedSizes
{
    public static Dictionary<string, long> Of(IEnumerable<string> names, IReadOnlyDictionary<string, long> known) =>
        names.ToDictionary(n => n, n => known.TryGetValue(n, out var size) ? size : CompileOptions.UsualSize, StringComparer.Ordinal);

    public static IEnumerable<string> Names(IEnumerable<Graph> graphs) =>
        graphs.SelectMany(g => g.Types).SelectMany(t => t.Shape).SelectMany(d => d.Names()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
