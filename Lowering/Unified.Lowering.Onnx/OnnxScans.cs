using Unified.Ir;
using Unified.Lowering.Onnx.Wire;

namespace Unified.Lowering.Onnx;

/// <summary>Turns scans that ONNX has no operator for into its <c>Scan</c>: one element after the other along the axis, the same for all others at once.</summary>
internal static class OnnxScans
{
    public static string CumProd(OnnxBuilder b, OnnxCall call) => Write(b, call, 1, (inner, kept, x) => inner.Node("Mul", [kept, x[0]]));

    public static string Linear(OnnxBuilder b, OnnxCall call) => Write(b, call, 0, (inner, kept, x) => inner.Node("Add", [inner.Node("Mul", [x[0], kept]), x[1]]));

    private static string Write(OnnxBuilder b, OnnxCall call, double first, Func<OnnxBuilder, string, string[], string> step)
    {
        var axis = OpAxes.One(call.Attributes, call.Rank);
        var element = call.Result with { Shape = new Shape(call.Result.Shape.Dims.RemoveAt(axis)) };
        var body = new GraphProto { Name = b.NewName("scan") };
        var inner = b.Inner(body);
        var kept = inner.Input("kept", element);
        var next = step(inner, kept, [.. call.Inputs.Select(_ => inner.Input("element", element))]);
        inner.Output(next, inner.NewName("kept"), element);
        inner.Output(next, inner.NewName("result"), element);
        var start = b.Node("Expand", [b.Scalar(element.DType, first), b.Dims(element.Shape)]);
        long[] PerInput(long value) => [.. call.Inputs.Select(_ => value)];
        var direction = call.Attributes.Bool("reverse") ? 1L : 0;
        return b.Nodes(
            "Scan", [start, .. call.Inputs], 2, ("body", body), ("num_scan_inputs", (long)call.Inputs.Length),
            ("scan_input_axes", PerInput(axis)), ("scan_output_axes", (long[])[axis]),
            ("scan_input_directions", PerInput(direction)), ("scan_output_directions", (long[])[direction]))[1];
    }
}
