using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Turns a graph with a scalar loss into the same graph with gradients, by the rows' rules alone.</summary>
internal static class Reverse
{
    /// <summary>Gradients of <paramref name="loss"/>; inputs must have been added before nodes.</summary>
    public static ImmutableArray<OpValue> Gradients(GraphBuilder builder, OpValue loss, IEnumerable<OpValue> wrt)
    {
        var cotangents = new Dictionary<int, OpValue> { [((GraphValue)loss).Number] = builder.Scalar(loss.DType, 1) };
        foreach (var node in builder.Build().Nodes.Reverse())
        {
            if (node.Op.Gradient is not { } rule || !cotangents.TryGetValue(node.Results[0], out var dy))
            {
                continue;
            }

            var call = new GradientInputs(
                node.Op,
                [.. node.Operands.Select(o => (OpValue)builder[o])],
                [.. node.Results.Select(r => (OpValue)builder[r])],
                [dy],
                node.Attributes);
            var flow = rule(builder, call);
            for (var i = 0; i < flow.Length; i++)
            {
                if (flow[i] is { } cotangent)
                {
                    cotangents[node.Operands[i]] = cotangents.TryGetValue(node.Operands[i], out var sum) ? sum + cotangent : cotangent;
                }
            }
        }

        return [.. wrt.Select(w => cotangents.TryGetValue(((GraphValue)w).Number, out var g) ? g : builder.ZerosLike(w))];
    }
}
