namespace Unified.Fuzz;

/// <summary>Turns a failing program into a smaller one that fails in the same way.</summary>
internal static class Shrink
{
    private const int AtOnce = 48;
    private const int MostRounds = 14;

    public static async Task<(Node Body, Verdict Verdict)> Of(Node body, Verdict verdict, Supervise workers)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var smaller = Smaller(body).DistinctBy(c => c.ToString()).Where(c => c.Size < body.Size).OrderBy(c => c.Size).ToList();

            // The smallest ones rarely fail still; a sample over all sizes finds the large cuts and the small ones.
            var step = Math.Max(1, smaller.Count / AtOnce);
            var tried = smaller.Where((_, i) => (i + round) % step == 0).ToList();
            var verdicts = await workers.Run([.. tried.Select((c, i) => ($"S{i}", ProgramSource.Of($"S{i}", c.ToString())))]);
            var found = tried.Zip(verdicts).FirstOrDefault(t => t.Second.Outcome == verdict.Outcome);
            if (found.First is not null)
            {
                (body, verdict) = (found.First, found.Second with { Name = verdict.Name });
            }
            else if (step == 1)
            {
                break;
            }
        }

        return (body, verdict);
    }

    private static IEnumerable<Node> Smaller(Node node)
    {
        foreach (var replacement in node.Kind switch { Kind.Block => OfBlock(node), Kind.Statement => [], _ => OfValue(node) })
        {
            yield return replacement;
        }

        for (var i = 0; i < node.Parts.Length; i++)
        {
            foreach (var part in Smaller(node.Parts[i]))
            {
                yield return node.With(i, part);
            }
        }
    }

    private static IEnumerable<Node> OfBlock(Node block)
    {
        for (var size = block.Parts.Length; size > 0; size /= 2)
        {
            for (var start = 0; start + size <= block.Parts.Length; start += size)
            {
                yield return block with { Parts = block.Parts.RemoveRange(start, size) };
            }
        }

        for (var i = 0; i < block.Parts.Length; i++)
        {
            foreach (var inner in block.Parts[i].Parts.Where(p => p.Kind == Kind.Block))
            {
                yield return block with { Parts = block.Parts.RemoveAt(i).InsertRange(i, inner.Parts) };
            }
        }
    }

    private static IEnumerable<Node> OfValue(Node value)
    {
        if (value.Parts.Length > 0)
        {
            yield return Node.Leaf(value.Kind, ExpressionRows.Shortest[value.Kind]);
        }

        foreach (var inner in Within(value).Where(p => p.Kind == value.Kind))
        {
            yield return inner;
        }
    }

    private static IEnumerable<Node> Within(Node node) => node.Parts.SelectMany(p => Within(p).Prepend(p));
}
