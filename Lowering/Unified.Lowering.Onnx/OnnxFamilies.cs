using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Onnx;

/// <summary>Forms of the wider families of ops.</summary>
internal static class OnnxFamilies
{
    public static ImmutableArray<OnnxRow> Rows { get; } =
    [
        new(OpCode.RandomUniform, "Loop", OnnxRandom.Uniform),
        new(OpCode.CumProd, "Scan", OnnxScans.CumProd),
        new(OpCode.LinearScan, "Scan", OnnxScans.Linear),
        new(OpCode.CumSum, "CumSum", (b, c) => b.Node("CumSum", [c.Inputs[0], b.Scalar(DType.I64, c.Attributes.Int("axis"))], ("reverse", c.Attributes.Bool("reverse") ? 1L : 0))),
        new(OpCode.Quantize, "QuantizeLinear", (b, c) => b.Node(
            "QuantizeLinear", c.Inputs, ("axis", c.Attributes.Int("axis")), ("output_dtype", (long)OnnxTypes.Code(c.Result.DType)))),
        new(OpCode.Dequantize, "DequantizeLinear", (b, c) => b.Node("DequantizeLinear", c.Inputs, ("axis", c.Attributes.Int("axis")))),
        new(OpCode.Sort, "TopK", (b, c) => Top(b, c, c.Result.Shape[OpAxes.One(c.Attributes, c.Rank)], "descending")[0]),
        new(OpCode.ArgSort, "TopK", (b, c) => Top(b, c, c.Result.Shape[OpAxes.One(c.Attributes, c.Rank)], "descending")[1]),
        new(OpCode.TopK, "TopK", (b, c) => Top(b, c, c.Attributes.Int("count"), "largest")[0]),
        new(OpCode.ArgTopK, "TopK", (b, c) => Top(b, c, c.Attributes.Int("count"), "largest")[1]),
        new(OpCode.Tile, "Tile", (b, c) => b.Node("Tile", [c.Inputs[0], b.Dims(c.Attributes.Dims("repeats"))])),
        new(OpCode.Tril, "Trilu", (b, c) => Triangle(b, c, 0)),
        new(OpCode.Triu, "Trilu", (b, c) => Triangle(b, c, 1)),
        new(OpCode.Convolution, "Conv", (b, c) => b.Node(
            "Conv", c.Inputs, ("group", c.Attributes.Int("groups")), ("strides", List(c, "strides", 1)), ("dilations", List(c, "dilations", 1)), ("pads", Pads(c)))),
        new(OpCode.ConvolutionTranspose, "ConvTranspose", (b, c) => b.Node("ConvTranspose", c.Inputs, ("strides", List(c, "strides", 1)), ("pads", Pads(c)))),
        new(OpCode.MaxPool, "MaxPool", (b, c) => Pool(b, c, "MaxPool")),
        new(OpCode.AveragePool, "AveragePool", (b, c) => Pool(b, c, "AveragePool")),
        new(OpCode.Interpolate, "Resize", Resize),
        new(OpCode.GridSample, "GridSample", (b, c) => b.Node(
            "GridSample", c.Inputs, ("mode", Text(c, "mode")), ("padding_mode", Text(c, "padding")), ("align_corners", c.Attributes.Bool("alignCorners") ? 1L : 0))),
        new(OpCode.Rfft, "DFT", (b, c) => b.Node("DFT", [b.Node("Unsqueeze", [c.Inputs[0], b.Ints(-1L)])], ("onesided", 1L))),
        new(OpCode.Fft, "DFT", (b, c) => b.Node("DFT", c.Inputs, ("inverse", c.Attributes.Bool("inverse") ? 1L : 0))),
        new(OpCode.GroupNorm, "GroupNormalization", (b, c) => b.Node(
            "GroupNormalization", c.Inputs, ("num_groups", c.Attributes.Int("groups")), ("epsilon", c.Attributes.Float("epsilon")))),
    ];

    private static ImmutableArray<string> Top(OnnxBuilder b, OnnxCall call, Dim count, string largest) => b.Nodes(
        "TopK", [call.Inputs[0], b.Dims([count])], 2, ("axis", call.Attributes.Int("axis")), ("largest", call.Attributes.Bool(largest) ? 1L : 0), ("sorted", 1L));

    private static string Text(OnnxCall call, string name) => ((StringAttribute)call.Attributes.Find(name)!).Value;

    private static string Resize(OnnxBuilder b, OnnxCall call) => b.Node(
        "Resize", [call.Inputs[0], "", "", b.Dims(call.Result.Shape)], ("mode", Text(call, "mode")), ("cubic_coeff_a", -0.75), ("nearest_mode", "floor"),
        ("coordinate_transformation_mode", Text(call, "mode") == "nearest" ? "asymmetric" : call.Attributes.Bool("alignCorners") ? "align_corners" : "half_pixel"));

    private static string Triangle(OnnxBuilder b, OnnxCall call, long upper) =>
        b.Node("Trilu", [call.Inputs[0], b.Scalar(DType.I64, call.Attributes.Int("diagonal"))], ("upper", upper));

    private static string Pool(OnnxBuilder b, OnnxCall call, string name) => b.Node(
        name, call.Inputs, ("kernel_shape", call.Attributes.Dims("kernel").Select(d => d.Value)), ("strides", List(call, "strides", 1)), ("pads", Pads(call)));

    private static long[] List(OnnxCall call, string name, long otherwise) => call.Attributes.Dims(name) is { IsEmpty: false } given
        ? [.. given.Select(d => d.Value)]
        : [.. Enumerable.Repeat(otherwise, call.Rank - 2)];

    private static long[] Pads(OnnxCall call) => [.. List(call, "padding", 0), .. List(call, "padding", 0)];
}
