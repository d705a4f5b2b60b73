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
internal sealed class SplitJointGraph(Graph joint, int inputs, int outputs, int forwardNodes, string name)
{
    private readonly Node?[] _producer = Producers(joint);
    private readonly int[] _position = Positions(joint);
    private readonly SortedSet<int> _residuals = [];
    private readonly HashSet<int> _again = [];

    public CallGradient Run(ImmutableArray<int> seeded, ImmutableArray<int> operands)
    {
        for (var i = forwardNodes; i < joint.Nodes.Length; i++)
        {
            foreach (var operand in joint.Nodes[i].Operands)
            {
                Need(operand);
            }
        }

        foreach (var output in joint.Outputs.Skip(outputs))
        {
            Need(output.Value);
        }

        ImmutableArray<int> extra = [.. _residuals.Where(r => r >= inputs)];
        var residuals = _residuals.Select(r => r < inputs ? new Residual(true, r) : new Residual(false, extra.IndexOf(r))).ToImmutableArray();
        return new CallGradient(Forward(extra), Backward(), residuals, seeded, operands);
    }

    // Marks a forward value as needed by the backward part: as a residual, or to be computed again from what it needs.
    private void Need(int value)
    {
        var node = _producer[value];
        if (node is null)
        {
            if (value < inputs)
            {
                _residuals.Add(value);
            }

            return;
        }

        if (_position[value] >= forwardNodes)
        {
            return;
        }

        if (!node.Op.Has(OpTraits.Recompute) || node.Results.Length != 1)
        {
            _residuals.Add(value);
        }
        else if (_again.Add(value))
        {
            foreach (var operand in node.Operands)
            {
                Need(operand);
            }
        }
    }

    private Graph Forward(ImmutableArray<int> extra)
    {
        var builder = new GraphBuilder(name + "_forward");
        var map = new OpValue[joint.ValueCount];
        for (var i = 0; i < inputs; i++)
        {
            map[i] = builder.Input(joint.Inputs[i].Name, joint.Inputs[i].Type, joint.Inputs[i].Kind);
        }

        Copy(builder, map, joint.Nodes.Take(forwardNodes));
        foreach (var output in joint.Outputs.Take(outputs))
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        foreach (var value in extra)
        {
            builder.Output(map[value], OutputKind.Result);
        }

        return builder.Build();
    }

    private Graph Backward()
    {
        var builder = new GraphBuilder(name + "_backward");
        var map = new OpValue[joint.ValueCount];
        foreach (var value in _residuals)
        {
            map[value] = builder.Input($"r_{value}", joint.TypeOf(value), InputKind.Argument);
        }

        for (var i = inputs; i < joint.Inputs.Length; i++)
        {
            map[i] = builder.Input(joint.Inputs[i].Name, joint.Inputs[i].Type, InputKind.Argument);
        }

        Copy(builder, map, joint.Nodes.Take(forwardNodes).Where(n => _again.Contains(n.Results[0])).Concat(joint.Nodes.Skip(forwardNodes)));
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

    private static Node?[] Producers(Graph graph)
    {
        var result = new Node?[graph.ValueCount];
        foreach (var node in graph.Nodes)
        {
            foreach (var value in node.Results)
            {
                result[value] = node;
            }
        }

        return result;
    }

    private static int[] Positions(Graph graph)
    {
        var result = new int[graph.ValueCount];
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
