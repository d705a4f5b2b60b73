using Unified.Ir;

namespace Unified.Tool.Inspect;

/// <summary>A graph that is not the same in two artifacts.</summary>
/// <param name="Change"><c>added</c>, <c>removed</c> or <c>changed</c>.</param>
/// <param name="Why">What differs.</param>
internal sealed record GraphChange(string Graph, string Change, IReadOnlyList<string> Why);

/// <summary>Turns two artifacts into what differs between them, and why.</summary>
internal static class ArtifactDiff
{
    public static (IReadOnlyList<GraphChange> Changes, int Same) Of(ArtifactFile before, ArtifactFile after)
    {
        var changes = new List<GraphChange>();
        var same = 0;
        var others = Graphs(after).ToList();
        foreach (var (name, graph) in Graphs(before))
        {
            var at = others.FindIndex(o => o.Name == name);
            if (at < 0)
            {
                changes.Add(new GraphChange(name, "removed", []));
                continue;
            }

            var why = Why(before, graph, after, others[at].Graph);
            others.RemoveAt(at);
            if (why.Count > 0)
            {
                changes.Add(new GraphChange(name, "changed", why));
            }
            else
            {
                same++;
            }
        }

        changes.AddRange(others.Select(o => new GraphChange(o.Name, "added", [])));
        return (changes, same);
    }

    private static IEnumerable<(string Name, int Graph)> Graphs(ArtifactFile file) =>
        file.Keys.Select((k, i) => ($"{GraphFacts.MethodOf(k)}({GraphFacts.SignatureOf(file.Function(i).Arguments)})", i));

    private static List<string> Why(ArtifactFile before, int a, ArtifactFile after, int b)
    {
        var (x, y) = (before.Function(a), after.Function(b));
        var why = new List<string>();
        var (hashes, now) = (x.Trace.Definitions.ToLookup(d => d.Key, d => d.Hash), y.Trace.Definitions.ToLookup(d => d.Key, d => d.Hash));
        why.AddRange(now.Where(d => !hashes.Contains(d.Key)).Select(d => $"it calls {GraphFacts.MethodOf(d.Key)} now"));
        why.AddRange(hashes.Where(d => !now.Contains(d.Key)).Select(d => $"it calls {GraphFacts.MethodOf(d.Key)} no more"));
        why.AddRange(now.Where(d => hashes.Contains(d.Key) && hashes[d.Key].First() != d.First()).Select(d => $"{GraphFacts.MethodOf(d.Key)} is another method now"));
        if (why.Count == 0 && !(x.Trace.Steps.SequenceEqual(y.Trace.Steps) && x.Trace.Objects.SequenceEqual(y.Trace.Objects)))
        {
            why.Add("a host value differs: a size, a setting or a number of layers");
        }

        for (var target = 0; target < before.Targets.Length; target++)
        {
            var other = after.Targets.IndexOf(before.Targets[target]);
            if (other >= 0 && before.Kernels(a, target).Except(after.Kernels(b, other), KernelComparer.Instance).Count() is > 0 and var kernels)
            {
                why.Add($"{kernels} of {before.Kernels(a, target).Length} kernels for {before.Targets[target]} are others");
            }
        }

        return why;
    }

    private sealed class KernelComparer : IEqualityComparer<KernelCode>
    {
        public static KernelComparer Instance { get; } = new();

        public bool Equals(KernelCode? x, KernelCode? y) => x?.Key == y?.Key && x is not null && y is not null && x.Object.AsSpan().SequenceEqual(y.Object.AsSpan());

        public int GetHashCode(KernelCode obj) => StringComparer.Ordinal.GetHashCode(obj.Key);
    }
}
