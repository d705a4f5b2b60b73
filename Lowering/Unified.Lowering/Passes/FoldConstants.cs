using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns arithmetic on scalar constants into its result, computed in double and rounded to the dtype: what the op itself would give.</summary>
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
        var constants = new Dictionary<OpValue, double>();
        return GraphRewriter.Rewrite(graph, (builder, node, operands) =>
        {
            if (node.Op.Code == OpCode.Constant)
            {
                var results = builder.Copy(node, graph, operands);
                constants[results[0]] = node.Attributes.Float("value");
                return results;
            }

            if (Rows.TryGetValue(node.Op.Code, out var compute) && operands.All(constants.ContainsKey)
                && graph.TypeOf(node.Results[0]) is var type && type.DType.IsFloat()
                && Rounded.To(type.DType, compute(Value(operands[0], type.DType), operands.Length > 1 ? Value(operands[1], type.DType) : 0)) is { } folded)
            {
                var result = builder.Scalar(type.DType, folded);
                constants[result] = folded;
                return [result];
            }

            return null;
        });

        double Value(OpValue operand, DType dtype) => Rounded.To(dtype, constants[operand]) ?? constants[operand];
    }
}
