using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Onnx;

/// <summary>An op's form in ONNX.</summary>
/// <param name="Names">The ONNX operators it becomes, for the table in the docs.</param>
internal sealed record OnnxRow(OpCode Code, string Names, Func<OnnxBuilder, OnnxCall, string> Emit);

/// <summary>
/// The forms of ops that one name does not say: operands in another order, attributes that are inputs there, several nodes.
/// An op of one name states it on its own row (<see cref="Op.Onnx"/>); a composite with neither goes by its definition.
/// </summary>
internal static class OnnxRows
{
    private static readonly ImmutableArray<OnnxRow> Rows =
    [
        new(OpCode.Rsqrt, "Sqrt, Reciprocal", (b, c) => b.Node("Reciprocal", b.Node("Sqrt", c.Inputs))),
        new(OpCode.LogicalNot, "Not, BitwiseNot", (b, c) => b.Node(c.Types[0].DType == DType.Bool ? "Not" : "BitwiseNot", c.Inputs)),
        new(OpCode.Cast, "Cast", (b, c) => b.Cast(c.Inputs[0], c.Result.DType)),
        new(OpCode.LogicalAnd, "And, BitwiseAnd", (b, c) => Logical(b, c, "And")),
        new(OpCode.LogicalOr, "Or, BitwiseOr", (b, c) => Logical(b, c, "Or")),
        new(OpCode.LogicalXor, "Xor, BitwiseXor", (b, c) => Logical(b, c, "Xor")),
        new(OpCode.NotEqual, "Equal, Not", (b, c) => b.Node("Not", b.Node("Equal", c.Inputs))),
        new(OpCode.Remainder, "Mod", (b, c) => b.Node("Mod", c.Inputs, ("fmod", 1L))),

        new(OpCode.Reshape, "Reshape", (b, c) => Reshape(b, c.Inputs[0], c.Result.Shape)),
        new(OpCode.Transpose, "Transpose", (b, c) => b.Node("Transpose", c.Inputs, ("perm", c.Attributes.Ints("permutation").Select(p => (long)p)))),
        new(OpCode.BroadcastTo, "Expand", (b, c) => b.Node("Expand", [c.Inputs[0], b.Dims(c.Result.Shape)])),
        new(OpCode.Slice, "Slice", Slice),
        new(OpCode.Concat, "Concat", (b, c) => b.Node("Concat", c.Inputs, ("axis", c.Attributes.Int("axis")))),
        new(OpCode.Pad, "Pad", (b, c) => b.Node(
            "Pad", [c.Inputs[0], b.Dims([.. c.Attributes.Dims("low"), .. c.Attributes.Dims("high")]), b.Scalar(c.Result.DType, c.Attributes.Float("value"))])),
        new(OpCode.Gather, "Gather", (b, c) => b.Node("Gather", c.Inputs, ("axis", c.Attributes.Int("axis")))),
        new(OpCode.Embedding, "Gather", (b, c) => b.Node("Gather", c.Inputs, ("axis", 0L))),
        new(OpCode.ScatterAdd, "ScatterND", ScatterAdd),
        new(OpCode.IndexAdd, "ScatterND", (b, c) => ScatterInto(b, c, "add")),
        new(OpCode.IndexMax, "ScatterND", (b, c) => ScatterInto(b, c, "max")),
        new(OpCode.IndexMin, "ScatterND", (b, c) => ScatterInto(b, c, "min")),
        new(OpCode.IndexMul, "ScatterND", (b, c) => ScatterInto(b, c, "mul")),
        new(OpCode.MatMul, "MatMul", (b, c) => b.Node(
            "MatMul", [Turned(b, c, 0, c.Attributes.Bool("transposeA")), Turned(b, c, 1, c.Attributes.Bool("transposeB"))])),

        new(OpCode.Constant, "initializer", (b, c) => b.Scalar(c.Result.DType, c.Attributes.Float("value"))),
        new(OpCode.Full, "Expand", (b, c) => b.Node("Expand", [b.Scalar(c.Result.DType, c.Attributes.Float("value")), b.Dims(c.Result.Shape)])),
        new(OpCode.Iota, "Range, Expand", Iota),
        new(OpCode.DimSize, "Shape, Gather", (b, c) => b.Dim(c.Attributes.Dim("dim"))),

        new(OpCode.Gelu, "Gelu", (b, c) => b.Node("Gelu", c.Inputs)),
        new(OpCode.GeluTanh, "Gelu", (b, c) => b.Node("Gelu", c.Inputs, ("approximate", "tanh"))),
        new(OpCode.Silu, "Sigmoid, Mul", (b, c) => b.Node("Mul", [c.Inputs[0], b.Node("Sigmoid", c.Inputs)])),
        new(OpCode.Clamp, "Clip", (b, c) => b.Node(
            "Clip", [c.Inputs[0], b.Scalar(c.Result.DType, c.Attributes.Float("min")), b.Scalar(c.Result.DType, c.Attributes.Float("max"))])),
        new(OpCode.LogSumExp, "ReduceLogSumExp", (b, c) => b.Node(
            "ReduceLogSumExp", [c.Inputs[0], b.Ints(c.Attributes.Int("axis"))], ("keepdims", c.Attributes.Bool("keepDims") ? 1L : 0))),
        new(OpCode.LayerNorm, "LayerNormalization", (b, c) => b.Node(
            "LayerNormalization", c.Inputs, ("axis", -1L), ("epsilon", c.Attributes.Float("epsilon")))),
        .. OnnxFamilies.Rows,
    ];

    private static readonly ImmutableDictionary<OpCode, OnnxRow> ByCode = Rows.ToImmutableDictionary(r => r.Code);

    /// <summary>The op's own form, or null: it goes by its definition, or not at all.</summary>
    public static OnnxRow? Find(Op op) => ByCode.TryGetValue(op.Code, out var row) ? row
        : op.Onnx is { } name ? new OnnxRow(op.Code, name, (b, c) => ByName(b, c, name)) : null;

    private static string ByName(OnnxBuilder b, OnnxCall call, string name)
    {
        var op = call.Node.Op;
        if (op.Has(OpTraits.Reduction))
        {
            var axes = OpAxes.Of(call.Attributes, call.Rank);
            return axes.IsEmpty
                ? b.Node(name, call.Inputs, ("keepdims", 0L))
                : b.Node(name, [call.Inputs[0], b.Ints(axes.Select(a => (long)a))], ("keepdims", call.Attributes.Bool("keepDims") ? 1L : 0));
        }

        return b.Node(name, call.Inputs, [.. op.Attributes.Select(a => (OnnxName(a.Name), Value(call.Attributes.Find(a.Name)!)))]);
    }

    // Ours are camel-case; ONNX's are lower-case with underscores, but for keepdims.
    private static string OnnxName(string name) =>
        name == "keepDims" ? "keepdims" : string.Concat(name.Select(ch => char.IsUpper(ch) ? $"_{char.ToLowerInvariant(ch)}" : $"{ch}"));

    private static object Value(AttributeValue value) => value switch
    {
        BoolAttribute flag => flag.Value ? 1L : 0L,
        FloatAttribute number => number.Value,
        DimAttribute whole => whole.Value.Value,
        DimsAttribute list => list.Value.Select(d => d.Value),
        StringAttribute text => text.Value,
        _ => throw new NotSupportedException($"attribute {value}"),
    };

    internal static string Reshape(OnnxBuilder b, string x, Shape shape) => b.Node("Reshape", [x, b.Dims(shape)], ("allowzero", 1L));

    private static string Logical(OnnxBuilder b, OnnxCall call, string name) =>
        b.Node(call.Types[0].DType == DType.Bool ? name : $"Bitwise{name}", call.Inputs);

    private static string Slice(OnnxBuilder b, OnnxCall call)
    {
        var (starts, sizes, steps) = (call.Attributes.Dims("starts"), call.Attributes.Dims("sizes"), call.Attributes.Dims("steps"));
        if (sizes.IsEmpty)
        {
            return b.Node("Identity", call.Inputs);
        }

        var ends = starts.Select((start, axis) => sizes[axis].Is(0) ? start : start + ((sizes[axis] - 1) * steps[axis]) + 1);
        return b.Node("Slice", [call.Inputs[0], b.Dims(starts), b.Dims(ends), b.Ints(Enumerable.Range(0, sizes.Length).Select(a => (long)a)), b.Dims(steps)]);
    }

    private static string ScatterAdd(OnnxBuilder b, OnnxCall call)
    {
        var zeros = b.Node("Expand", [b.Scalar(call.Result.DType, 0), b.Dims(call.Result.Shape)]);
        var indices = b.Node("Unsqueeze", [b.Cast(call.Inputs[0], DType.I64), b.Ints(-1L)]);
        return b.Node("ScatterND", [zeros, indices, call.Inputs[1]], ("reduction", "add"));
    }

    private static string ScatterInto(OnnxBuilder b, OnnxCall call, string how) => b.Node(
        "ScatterND", [call.Inputs[0], b.Node("Unsqueeze", [b.Cast(call.Inputs[1], DType.I64), b.Ints(-1L)]), call.Inputs[2]], ("reduction", how));

    private static string Turned(OnnxBuilder b, OnnxCall call, int operand, bool transposed)
    {
        if (!transposed)
        {
            return call.Inputs[operand];
        }

        var order = Enumerable.Range(0, call.Types[operand].Rank).Select(a => (long)a).ToArray();
        (order[^1], order[^2]) = (order[^2], order[^1]);
        return b.Node("Transpose", call.Inputs[operand], ("perm", order));
    }

    private static string Iota(OnnxBuilder b, OnnxCall call)
    {
        var shape = call.Result.Shape;
        var axis = OpAxes.One(call.Attributes, shape.Rank);
        var range = b.Cast(b.Node("Range", [b.Scalar(DType.I64, 0), b.Dim(shape[axis]), b.Scalar(DType.I64, 1)]), call.Result.DType);
        var column = Reshape(b, range, new Shape([.. shape.Select((d, a) => a == axis ? d : Dim.One)]));
        return b.Node("Expand", [column, b.Dims(shape)]);
    }
}
