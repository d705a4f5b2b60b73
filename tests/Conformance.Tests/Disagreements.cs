using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>Where ONNX Runtime gives what ONNX or NumPy do not say, so that it is no reference.</summary>
internal static class Disagreements
{
    private sealed record Row(OpCode Code, Func<Case, bool> Where, string Why);

    private static ImmutableArray<OpCode> Means =>
    [
        OpCode.Mean, OpCode.RootMeanSquare, OpCode.MseLoss, OpCode.L1Loss, OpCode.SmoothL1Loss, OpCode.HuberLoss, OpCode.BinaryCrossEntropy,
        OpCode.BinaryCrossEntropyWithLogits, OpCode.KlDivergence, OpCode.HingeLoss, OpCode.SoftMarginLoss, OpCode.LogCoshLoss, OpCode.PoissonNllLoss,
        OpCode.NllLoss,
    ];

    private static readonly ImmutableArray<Row> Rows =
    [
        .. Means.Select(code => new Row(code, c => c.Sizes == "empty", "the mean of nothing is NaN, as in NumPy; ONNX Runtime gives 0")),

        new(OpCode.Fft, c => c.DType == DType.F64 && c.Sample.Attributes.Find("inverse") is BoolAttribute { Value: true }, "ONNX Runtime divides by the size in f32"),

        // It multiplies in floating point, and gives the largest number where the product is larger.
        new(OpCode.Prod, c => c.DType.IsInteger() && c.Sizes == "odd", "a product of integers wraps; ONNX Runtime gives the largest"),

        // The reference is computed in f64, and so are the draws there.
        new(OpCode.RandomUniformLike, c => c.DType != DType.F64, "of tensors of other types, f32 numbers are drawn"),

        // An open question of the house, not of the reference: eager rounds the product, which may overflow; compiled code fuses it with the sum.
        new(OpCode.MultiplyAdd, c => c.Values == Values.Special, "a product that overflows is infinite in eager mode and fused with the sum in a graph"),
        new(OpCode.AddMul, c => c.Values == Values.Special, "a product that overflows is infinite in eager mode and fused with the sum in a graph"),
    ];

    public static string? Of(Case call) => Rows.FirstOrDefault(r => r.Code == call.Op.Code && r.Where(call))?.Why;
}
