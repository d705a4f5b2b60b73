using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Which values of a graph depend on the sources and influence the targets: where gradients flow.</summary>
internal sealed class Activity
{
    private readonly bool[] _fromSources;
    private readonly bool[] _toTargets;

    private Activity(bool[] fromSources, bool[] toTargets) => (_fromSources, _toTargets) = (fromSources, toTargets);

    public bool IsActive(int value) => _fromSources[value] && _toTargets[value];

    public bool DependsOnSources(int value) => _fromSources[value];

    public bool InfluencesTargets(int value) => _toTargets[value];

    /// <summary>Each result of a call is taken to depend on each of its operands. Nodes before number <paramref name="start"/> do not count.</summary>
    public static Activity Of(Graph graph, IEnumerable<int> sources, IEnumerable<int> targets, int start = 0)
    {
        var from = new bool[graph.ValueCount];
        var to = new bool[graph.ValueCount];
        foreach (var source in sources)
        {
            from[source] = true;
        }

        foreach (var node in graph.Nodes.Skip(start))
        {
            if (!node.Op.Has(OpTraits.NonDifferentiable) && node.Operands.Any(o => from[o]))
            {
                foreach (var result in node.Results.Where(r => graph.TypeOf(r).DType.IsFloat()))
                {
                    from[result] = true;
                }
            }
        }

        foreach (var target in targets)
        {
            to[target] = true;
        }

        foreach (var node in graph.Nodes.Skip(start).Reverse())
        {
            if (!node.Op.Has(OpTraits.NonDifferentiable) && node.Results.Any(r => to[r]))
            {
                foreach (var operand in node.Operands.Where(o => graph.TypeOf(o).DType.IsFloat()))
                {
                    to[operand] = true;
                }
            }
        }

        return new Activity(from, to);
    }
}
