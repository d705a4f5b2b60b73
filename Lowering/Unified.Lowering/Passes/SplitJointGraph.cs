using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns a joint graph (a callee followed by its backward walk) into a forward and a backward graph. What the backward part
/// reads of the forward part is handed over as residuals; ops that are cheap to compute again are computed again instead.
/// </summary>
/// <param name="inputs">Inputs of the callee; the rest are cotangents.</param>
/// <param name="outputs">Outputs of the callee; the rest are cotangents of operands.</param>
/// <param name="forwardNodes">How many nodes belong to the callee. Seeds summed before the walk count as backward.</param>
internal sealed class SplitJointGraph(Graph joint, int inputs, int outputs, int forwardNodes)
{
    private readonly int[] _producer = Producers(joint);
    private readonly SortedSet<int> _residuals = [];
    private readonly HashSet<int> _again = [];

    /// <param name="seeded">The callee's outputs that the cotangent inputs belong to.</param>
    /// <param name="operands">The callee's inputs that the cotangent outputs belong to.</param>
    public CallGradient Run(string forwardName, string backwardName, ImmutableArray<int> seeded, ImmutableArray<int> operands)
    {
        var backward = LiveBackwardNodes();
        foreach (var value in backward.SelectMany(n => n.Operands).Concat(joint.Outputs.Skip(outputs).Select(o => o.Value)))
        {
            Need(value);
        }

        // What leaves the callee anyway is not handed over twice.
        var leaving = joint.Outputs.Take(outputs).ToList();
        foreach (var value in _residuals.Where(r => r >= inputs && !leaving.Exists(o => Carries(o, r))).ToList())
        {
            HandOverLaidOut(value, backward);
        }

        foreach (var value in _residuals.Where(r => r >= inputs && !leaving.Exists(o => Carries(o, r))).ToList())
        {
            leaving.Add(new GraphOutput(value, OutputKind.Result));
        }

        return new CallGradient(
            Forward(forwardName, leaving),
            Backward(backwardName, backward),
            [.. _residuals.Select(r => r < inputs ? new Residual(true, r) : new Residual(false, leaving.FindIndex(o => Carries(o, r))))],
            seeded,
            operands);
    }

    private static bool Carries(GraphOutput output, int value) => output.Value == value && output.Kind == OutputKind.Result;

    // Rules may write nodes that turn out unused: what only those read is no residual.
    private List<Node> LiveBackwardNodes()
    {
        var live = joint.Outputs.Skip(outputs).Select(o => o.Value).ToHashSet();
        var result = new List<Node>();
        for (var i = joint.Nodes.Length - 1; i >= forwardNodes; i--)
        {
            if (joint.Nodes[i].Results.Any(live.Contains))
            {
                live.UnionWith(joint.Nodes[i].Operands);
                result.Add(joint.Nodes[i]);
            }
        }

        result.Reverse();
        return result;
    }

    // Marks a forward value as needed by the backward part: as a residual, or to be computed again from what it needs.
    private void Need(int value)
    {
        var producer = _producer[value];
        if (producer < 0)
        {
            if (value < inputs)
            {
                _residuals.Add(value);
            }

            return;
        }

        if (producer >= forwardNodes)
        {
            return;
        }

        if (!joint.Nodes[producer].Op.Has(OpTraits.Recompute))
        {
            _residuals.Add(value);
        }
        else if (_again.Add(producer))
        {
            foreach (var operand in joint.Nodes[producer].Operands)
            {
                Need(operand);
            }
        }
    }

    // What the backward part reads only turned and in another shape, as merged heads, the forward part has laid out so: that is handed over, or both would copy it.
    private void HandOverLaidOut(int value, List<Node> backward)
    {
        List<int> chain = [];
        var isTurned = false;
        for (var at = value; ReaderOf(at, backward) is { } reader && joint.Nodes[reader] is { Op.Code: OpCode.Transpose or OpCode.Reshape } view; at = view.Results[0])
        {
            chain.Add(reader);
            isTurned |= view.Op.Code == OpCode.Transpose;
            if (isTurned && view.Op.Code == OpCode.Reshape)
            {
                _again.ExceptWith(chain);
                _residuals.Remove(value);
                _residuals.Add(view.Results[0]);
                return;
            }
        }
    }

    // The position of the only node that reads a value in the backward part, where it computes again what the forward part has.
    private int? ReaderOf(int value, List<Node> backward)
    {
        var again = _again.Where(n => joint.Nodes[n].Operands.Contains(value)).ToList();
        return again.Count == 1 && !backward.Exists(n => n.Operands.Contains(value)) && !joint.Outputs.Skip(outputs).Any(o => o.Value == value) ? again[0] : null;
    }

    private Graph Forward(string name, List<GraphOutput> leaving)
    {
        var builder = new GraphBuilder(name);
        var map = new OpValue[joint.ValueCount];
        for (var i = 0; i < inputs; i++)
        {
            map[i] = builder.Input(joint.Inputs[i].Name, joint.Inputs[i].Type, joint.Inputs[i].Kind);
        }

        Copy(builder, map, joint.Nodes.Take(forwardNodes));
        foreach (var output in leaving)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return builder.Build();
    }

    private Graph Backward(string name, List<Node> nodes)
    {
        var builder = new GraphBuilder(name);
        var map = new OpValue[joint.ValueCount];
        foreach (var value in _residuals)
        {
            map[value] = builder.Input($"r_{value}", joint.TypeOf(value), InputKind.Argument);
        }

        for (var i = inputs; i < joint.Inputs.Length; i++)
        {
            map[i] = builder.Input(joint.Inputs[i].Name, joint.Inputs[i].Type, InputKind.Argument);
        }

        Copy(builder, map, joint.Nodes.Where((_, i) => i < forwardNodes && _again.Contains(i)).Concat(nodes));
        foreach (var output in joint.Outputs.Skip(outputs))
        {
            builder.Output(map[output.Value], OutputKind.Result);
        }

        return builder.Build();
    }

    private void Copy(GraphBuilder builder, OpValue[] map, IEnumerable<Node> nodes)
    {
        foreach (var node in nodes)
        {
            GraphRewriter.Visit(joint, node, builder, map, static (_, _, _) => null);
        }
    }

    // The position of the node that makes each value; -1 for inputs.
    private static int[] Producers(Graph graph)
    {
        var result = new int[graph.ValueCount];
        Array.Fill(result, -1);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            foreach (var value in graph.Nodes[i].Results)
            {
                result[value] = i;
            }
        }

        return result;
    }
}
