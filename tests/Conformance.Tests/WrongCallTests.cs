using System.Runtime.CompilerServices;
using System.Text;
using Unified.Ir;
using static Unified.Ops;

namespace Unified.Conformance.Tests;

/// <summary>What a wrong call says: the op, the argument and the shapes. The messages stand in a file beside this one.</summary>
public sealed class WrongCallTests
{
    private static readonly (string Call, Func<Tensor> Run)[] s_calls =
    [
        ("Add([2,3], [4])", () => Add(F(2, 3), F(4))),
        ("Add(f32, f64)", () => Add(F(2), Tensor.Zeros([2], DType.F64))),
        ("Mul(bool, bool)", () => Mul(Mask(2), Mask(2))),
        ("Exp(i32)", () => Exp(I(2))),
        ("Tan(i32)", () => Tan(I(2))),
        ("Atan2([2], [3])", () => Atan2(F(2), F(3))),
        ("LogicalAnd(f32, f32)", () => LogicalAnd(F(2), F(2))),
        ("Select(f32 condition)", () => Select(F(2), F(2), F(2))),
        ("Sum(axis 2 of rank 2)", () => Sum(F(2, 3), 2)),
        ("Sum(axis twice)", () => Sum(F(2, 3), [0, -2])),
        ("Any(f32)", () => Any(F(2))),
        ("ArgMax(axis 1 of rank 1)", () => ArgMax(F(2), 1)),
        ("Softmax(i32)", () => Softmax(I(2))),
        ("CumSum(axis 3 of rank 1)", () => CumSum(F(2), 3)),
        ("CumProd(bool)", () => CumProd(Mask(2))),
        ("LinearScan([2], [3])", () => LinearScan(F(2), F(3))),
        ("Sort(bool)", () => Sort(Mask(2))),
        ("TopK(5 of 2)", () => TopK(F(2), 5)),
        ("TopK(-1)", () => TopK(F(2), -1)),
        ("Reshape([6] to [4])", () => Reshape(F(6), 4)),
        ("Reshape([6] to [-1,-1])", () => Reshape(F(6), -1, -1)),
        ("Reshape([6] to [4,-1])", () => Reshape(F(6), 4, -1)),
        ("Transpose(rank 2, [0,0])", () => Transpose(F(2, 3), 0, 0)),
        ("BroadcastTo([2] to [3])", () => BroadcastTo(F(2), 3)),
        ("Slice beyond the end", () => Slice(F(2), [1], [2])),
        ("Concat([2,3], [2,4])", () => Concat([F(2, 3), F(2, 4)])),
        ("Concat(nothing)", () => Concat([])),
        ("Stack([2], [3])", () => Stack([F(2), F(3)])),
        ("Pad(too few entries)", () => Pad(F(2, 3), [1], [1])),
        ("Pad(negative)", () => Pad(F(2), [-1], [0])),
        ("Gather(f32 indices)", () => Gather(F(2), F(2))),
        ("Squeeze(axis of size 3)", () => Squeeze(F(2, 3), [1])),
        ("Flatten(start after end)", () => Flatten(F(2, 3), 1, 0)),
        ("Flip(axis 2 of rank 1)", () => Flip(F(2), 2)),
        ("Tile(too few repeats)", () => Tile(F(2, 3), [2])),
        ("Repeat(-1)", () => Repeat(F(2), -1, 0)),
        ("Diagonal([2,3])", () => Diagonal(F(2, 3))),
        ("Outer([2,3], [2])", () => Outer(F(2, 3), F(2))),
        ("Dot([2], [3])", () => Dot(F(2), F(3))),
        ("DepthToSpace(3 channels)", () => DepthToSpace(F(1, 3, 2, 2), 2)),
        ("OneHot(f32)", () => OneHot(F(2), 3)),
        ("MatMul([2,3], [2,3])", () => MatMul(F(2, 3), F(2, 3))),
        ("MatMul(vector)", () => MatMul(F(2), F(2, 3))),
        ("Linear(weight of another width)", () => Linear(F(2, 3), F(2, 4))),
        ("Linear(bias of another width)", () => Linear(F(2, 3), F(4, 3), F(3))),
        ("Einsum(label of two sizes)", () => Einsum([F(2, 3), F(4, 5)], "ij,jk->ik")),
        ("Einsum(too few labels)", () => Einsum([F(2, 3)], "i->i")),
        ("Einsum(unknown result label)", () => Einsum([F(2)], "i->j")),
        ("Convolution(channels)", () => Convolution(F(1, 3, 5), F(2, 4, 3))),
        ("Convolution(window too large)", () => Convolution(F(1, 3, 2), F(2, 3, 3))),
        ("Convolution(groups)", () => Convolution(F(1, 4, 5), F(3, 2, 3), groups: 2)),
        ("MaxPool(kernel of another rank)", () => MaxPool(F(1, 2, 5), [2, 2])),
        ("BatchNorm(weight)", () => BatchNorm(F(2, 3), F(2), F(3), F(3), F(3))),
        ("GroupNorm(groups)", () => GroupNorm(F(2, 3, 4), F(3), F(3), 2)),
        ("LayerNorm(bias)", () => LayerNorm(F(2, 3), F(3), F(2))),
        ("CrossEntropy(targets)", () => CrossEntropy(F(2, 3), I(3))),
        ("MseLoss([2], [3])", () => MseLoss(F(2), F(3))),
        ("NllLoss(f32 targets)", () => NllLoss(F(2, 3), F(2))),
        ("MaskedFill(f32 mask)", () => MaskedFill(F(2), F(2), 0)),
        ("MaskedFill(mask does not fit)", () => MaskedFill(F(2), Mask(3), 0)),
        ("Attention(other width)", () => Attention(F(2, 4), F(3, 5), F(3, 5))),
        ("Cholesky([2,3])", () => Cholesky(F(2, 3))),
        ("Cholesky(i32)", () => Cholesky(I(2, 2))),
        ("Cholesky(vector)", () => Cholesky(F(2))),
        ("Solve(rows)", () => Solve(F(2, 2), F(3, 1))),
        ("Solve(vector)", () => Solve(F(2, 2), F(2))),
        ("TriangularSolve(batches)", () => TriangularSolve(F(2, 3, 3), F(4, 3, 1))),
        ("SvdFactors(f16)", () => SvdFactors(Tensor.Zeros([2, 2], DType.F16))),
        ("LeastSquares(rows)", () => LeastSquares(F(3, 2), F(2, 1))),
        ("MatrixNorm(unknown)", () => MatrixNorm(F(2, 2), "largest")),
        ("TakeAlongAxis(ranks)", () => TakeAlongAxis(F(2, 3), Tensor.Zeros([2], DType.I64))),
        ("TakeAlongAxis(other axis)", () => TakeAlongAxis(F(2, 3), Tensor.Zeros([4, 1], DType.I64))),
        ("SearchSorted(rows)", () => SearchSorted(F(2, 3), F(4, 3))),
        ("BinCount(f32)", () => BinCount(F(2), 3)),
        ("Histogram(no bins)", () => Histogram(F(2), 0, 0, 1)),
        ("Histogram(bounds)", () => Histogram(F(2), 2, 1, 1)),
        ("Cross([2], [3])", () => Cross(F(2), F(3))),
        ("Kron(vector)", () => Kron(F(2), F(2, 2))),
        ("Covariance(vector)", () => Covariance(F(2))),
        ("Quantize(to i32)", () => Quantize(F(2), F(), dtype: DType.I32)),
        ("Quantize(scale)", () => Quantize(F(2, 3), F(2))),
        ("Quantize(zero point)", () => Quantize(F(2), F(), I())),
        ("Dequantize(f32)", () => Dequantize(F(2), F())),
        ("QuantizedMatMul(f32 weight)", () => QuantizedMatMul(F(2, 8), F(3, 8), F(3, 1))),
        ("QuantizedMatMul(groups)", () => QuantizedMatMul(F(2, 16), Tensor.Zeros([3, 8], DType.U8), F(3, 4))),
        ("RandomUniform(state)", () => RandomUniform(I(2), [3])),
        ("RandomUniformLike(i64)", () => RandomUniformLike(I(2), I(3))),
        ("IndexAdd(updates)", () => IndexAdd(F(4, 2), I(3), F(2, 2))),
        ("IndexMax(dtypes)", () => IndexMax(F(4, 2), I(3), I(3, 2))),
        ("IndexMul(indices)", () => IndexMul(F(4, 2), F(3), F(3, 2))),
        ("UpdateSlice(longer)", () => UpdateSlice(F(4, 2), F(5, 2), Cast(I(), DType.I64))),
        ("UpdateSlice(other axis)", () => UpdateSlice(F(4, 2), F(4, 1), Cast(I(), DType.I64))),
        ("UpdateSlice(start)", () => UpdateSlice(F(4, 2), F(1, 2), I(1))),
        ("Attention(length of rows)", () => Attention(F(2, 3, 4), F(2, 3, 4), F(2, 3, 4), length: I(3))),
        ("Attention(length f32)", () => Attention(F(2, 3, 4), F(2, 3, 4), F(2, 3, 4), length: F(2))),
        ("Unique(i64)", () => Unique(Cast(I(3), DType.I64), 2)),
        ("Unique(fill)", () => Unique(Cast(F(3), DType.U8), 2, -1)),
    ];

    [Fact]
    public void Messages_are_those_of_the_file()
    {
        var text = new StringBuilder();
        foreach (var (call, run) in s_calls)
        {
            var error = Assert.Throws<ShapeException>(() => run());
            text.Append(call).Append("\n    ").Append(error.Message).Append('\n');
        }

        var path = Path.Combine(Folder(), "WrongCalls.golden.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text.ToString());
            return;
        }

        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), text.ToString());
    }

    // Names the op as the message's first word, and every operand's dtype and shape.
    [Fact]
    public void A_message_begins_with_the_op_and_its_operands() => Assert.All(s_calls, c =>
        Assert.Matches(@"^[a-z_0-9]+\((\w+: \w+\[[\d,]*\](, )?)*\): ", Assert.Throws<ShapeException>(() => c.Run()).Message));

    private static Tensor F(params int[] shape) => Tensor.Zeros(shape);

    private static Tensor I(params int[] shape) => Tensor.Zeros(shape, DType.I32);

    private static Tensor Mask(params int[] shape) => Tensor.Zeros(shape, DType.Bool);

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
