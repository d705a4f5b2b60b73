using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns arithmetic on constants, scalar or the same everywhere, into its result, computed in double and rounded to the dtype: what the
/// op itself would give.
/// </summary>
public sealed class FoldConstants : IPass
{
    // Only ops that IEEE 754 rounds exactly: the fold must give the same bits as the kernel.
    private static readonly ImmutableDictionary<OpCode, Func<double, double, double>> Rows = new Dictionary<OpCode, Func<double, double, double>>
    {
        [OpCode.Add] = (a, b) => a + b,
        [OpCode.Sub] = (a, b) => a - b,
        [OpCode.Mul] = (a, b) => a * b,
        [OpCode.Div] = (a, b) => a / b,
        [OpCode.Neg] = (a, _) => -a,
        [OpCode.Abs] = (a, _) => Math.Abs(a),
        [OpCode.Sqrt] = (a, _) => Math.Sqrt(a),
    }.ToImmutableDictionary();

    public string Name => "fold-constants";

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(Fold)]);

    private static Graph Fold(Graph graph)
    {
        // Exact values only: a constant that its dtype cannot hold as written is taken as the dtype rounds it.
        var constants = new Dictionary<OpValue, double>();
        return GraphRewriter.Rewrite(graph, (builder, node, operands) =>
        {
            if (node.Results.Length != 1)
            {
                return null;
            }

            var type = graph.TypeOf(node.Results[0]);
            if (node.Op.Code is OpCode.Constant or OpCode.Full)
            {
                var results = builder.Copy(node, graph, operands);
                if (Rounded.To(type.DType, node.Attributes.Float("value")) is { } value)
                {
                    constants[results[0]] = value;
                }

                return results;
            }

            // An integer quotient is another operation.
            if (Rows.TryGetValue(node.Op.Code, out var compute) && operands.All(constants.ContainsKey)
                && (type.DType.IsFloat() || (type.DType.IsInteger() && node.Op.Code != OpCode.Div))
                && Rounded.To(type.DType, compute(constants[operands[0]], operands.Length > 1 ? constants[operands[1]] : 0)) is { } folded)
            {
                var result = type.Rank == 0 ? builder.Scalar(type.DType, folded) : builder.Full(type.Shape, type.DType, folded);
                constants[result] = folded;
                return [result];
            }

            return null;
        });
    }
}
