using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Ops with a definition, which ends in primitive ops. A gradient rule may use composites, and where it repeats part of the definition it
/// repeats the same nodes, so that they are shared with the forward pass.
/// </summary>
internal static class CompositeOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        .. ActivationOps.Rows,
        .. StatisticsOps.Rows,
        .. SoftmaxOps.Rows,
        .. LayerOps.Rows,
        .. AttentionOps.Rows,
        .. SpecialOps.Rows,
        .. ActivationFamilyOps.Rows,
        .. PairwiseOps.Rows,
        .. ReductionFamilyOps.Rows,
        .. SortOps.Rows,
        .. ScanOps.Rows,
        .. GammaOps.Rows,
        .. ShapeFamilyOps.Rows,
        .. WindowProductOps.Rows,
        .. WindowOps.Rows,
        .. SamplingOps.Rows,
        .. SpectralOps.Rows,
        .. NormalizationOps.Rows,
        .. LossOps.Rows,
        .. IndexOps.Rows, .. IndexUpdateOps.Rows, .. DistinctOps.Rows,
        .. QuantizeOps.Rows,
        .. MatrixOps.Rows,
        .. MatrixFamilyOps.Rows,
        new(OpCode.RandomAdvance, OpTraits.NonDifferentiable | OpTraits.Recompute, CreationOps.RandomState, InferRandomAdvance)
        {
            Attributes = [new("shape", AttributeKind.Dims)],
            Definition = RandomAdvance,
            Tolerance = Tolerance.Exact,
        },
    ];

    private static ImmutableArray<TensorType> InferRandomAdvance(OpInputs inputs)
    {
        CreationOps.RequireState(inputs);
        InferRules.Sizes(inputs, "shape");
        return [inputs[0]];
    }

    // One step of the generator makes four words; [0, 1] picks the offset.
    private static ImmutableArray<OpValue> RandomAdvance(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var steps = b.DimSize(Dim.CeilDiv(new Shape(attributes.Dims("shape")).Size, 4), DType.I64);
        return [operands[0] + (b.Iota(Shape.Of(2), 0, DType.I64) * steps)];
    }
}
