using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Onnx.Wire;

namespace Unified.Lowering.Onnx;

/// <summary>
/// Turns a draw into the integer arithmetic of its generator (Philox4x32-10), so that a model draws the numbers that it draws here. Words of 32 bits are
/// i64 tensors, which runtimes have all of this arithmetic for; no product is longer than 49 bits.
/// </summary>
internal static class OnnxRandom
{
    private const long Word = 0xffffffff, Half = 0x10000;
    private const long Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57, Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    public static string Uniform(OnnxBuilder b, OnnxCall call)
    {
        var (state, shape, dtype) = (call.Inputs[0], call.Result.Shape, call.Result.DType);
        var (seed, offset) = (At(b, state, 0), At(b, state, 1));
        var count = Dim.CeilDiv(shape.Size, 4);
        var blocks = b.Node("Range", [Number(b, 0), b.Dim(count), Number(b, 1)]);
        var counter = b.Node("Add", [blocks, offset]);
        var zeros = b.Node("Mul", [counter, Number(b, 0)]);
        var (low, high) = Words(b, counter);
        var (key0, key1) = Words(b, seed);
        var words = Rounds(b, [low, high, zeros, zeros, key0, key1], new Shape([count]));
        var table = b.Node("Concat", words.Take(4).Select(w => b.Node("Unsqueeze", [w, b.Ints(1L)])), ("axis", 1L));
        var all = b.Node("Slice", [b.Node("Reshape", [table, b.Ints(-1L)]), b.Ints(0L), b.Dims([shape.Size])]);
        return OnnxRows.Reshape(b, Fraction(b, all, dtype), shape);
    }

    // As many of the upper bits as the dtype's fraction has.
    private static string Fraction(OnnxBuilder b, string words, DType dtype)
    {
        var (divisor, wide) = dtype switch
        {
            DType.F64 => (1L, DType.F64),
            DType.F32 => (1L << 8, DType.F32),
            DType.F16 => (1L << 21, DType.F32),
            _ => (1L << 24, DType.F32),
        };
        var bits = b.Cast(b.Node("Div", [words, Number(b, divisor)]), wide);
        var value = b.Node("Mul", [bits, b.Scalar(wide, divisor / 4294967296.0)]);
        return dtype == wide ? value : b.Cast(value, dtype);
    }

    private static ImmutableArray<string> Rounds(OnnxBuilder around, ImmutableArray<string> initial, Shape shape)
    {
        var body = new GraphProto { Name = around.NewName("philox") };
        var b = around.Inner(body);
        ImmutableArray<TensorType> types =
        [
            .. Enumerable.Repeat(new TensorType(DType.I64, shape), 4), .. Enumerable.Repeat(new TensorType(DType.I64, Shape.Scalar), 2),
        ];
        b.Input("round", new TensorType(DType.I64, Shape.Scalar));
        b.Input("go", new TensorType(DType.Bool, Shape.Scalar));
        ImmutableArray<string> c = [.. types.Select(t => b.Input("word", t))];
        var (high0, low0) = Product(b, c[0], Multiplier0);
        var (high1, low1) = Product(b, c[2], Multiplier1);
        ImmutableArray<string> next =
        [
            Xor(b, Xor(b, high1, c[1]), c[4]), low1, Xor(b, Xor(b, high0, c[3]), c[5]), low0,
            And(b, b.Node("Add", [c[4], Number(b, Weyl0)]), Word), And(b, b.Node("Add", [c[5], Number(b, Weyl1)]), Word),
        ];
        b.Output(b.Scalar(DType.Bool, 1), b.NewName("go"), new TensorType(DType.Bool, Shape.Scalar));
        foreach (var (value, type) in next.Zip(types))
        {
            b.Output(value, b.NewName("next"), type);
        }

        return around.Nodes("Loop", [Number(around, 10), "", .. initial], 6, ("body", body));
    }

    // Of x = 2^16·h + l: m·h + m·l/2^16 has the upper 48 bits of m·x.
    private static (string High, string Low) Product(OnnxBuilder b, string x, long multiplier)
    {
        var m = Number(b, multiplier);
        var low = b.Node("Mul", [And(b, x, Half - 1), m]);
        var middle = b.Node("Add", [b.Node("Mul", [b.Node("Div", [x, Number(b, Half)]), m]), b.Node("Div", [low, Number(b, Half)])]);
        return (b.Node("Div", [middle, Number(b, Half)]), b.Node("Add", [b.Node("Mul", [And(b, middle, Half - 1), Number(b, Half)]), And(b, low, Half - 1)]));
    }

    /// <summary>The two words of a whole number, also of a negative one.</summary>
    private static (string Low, string High) Words(OnnxBuilder b, string x)
    {
        var low = And(b, x, Word);
        return (low, And(b, b.Node("Div", [b.Node("Sub", [x, low]), Number(b, Word + 1)]), Word));
    }

    private static string At(OnnxBuilder b, string state, long place) => b.Node("Gather", [state, Number(b, place)], ("axis", 0L));

    private static string Number(OnnxBuilder b, long value) => b.Initializer(DType.I64, [], BitConverter.GetBytes(value));

    private static string And(OnnxBuilder b, string x, long mask) => b.Node("BitwiseAnd", [x, Number(b, mask)]);

    private static string Xor(OnnxBuilder b, string x, string y) => b.Node("BitwiseXor", [x, y]);
}
