using System.Runtime.CompilerServices;
using Unified.Ir;
using static Unified.Ops;

namespace Unified.Tests;

public class ErrorTests
{
    [Fact]
    public void Errors_come_from_the_ops_rule()
    {
        var message = Assert.Throws<ShapeException>(() => Tensor.Zeros([2, 3]) + Tensor.Zeros([4])).Message;
        Assert.Contains("add(x: f32[2,3], y: f32[4])", message);
        Assert.Contains("f32", Assert.Throws<ShapeException>(() => Tensor.Zeros([2]) + Tensor.Zeros([2], DType.F64)).Message);
        Assert.Contains("mat_mul", Assert.Throws<ShapeException>(() => MatMul(Tensor.Zeros([2, 3]), Tensor.Zeros([2, 3]))).Message);
        Assert.Contains("linear", Assert.Throws<ShapeException>(() => Linear(Tensor.Zeros([2, 3]), Tensor.Zeros([2, 4]))).Message);
        Assert.Contains("layer_norm", Assert.Throws<ShapeException>(() => LayerNorm(Tensor.Zeros([2, 3]), Tensor.Zeros([3]), Tensor.Zeros([4]))).Message);
        Assert.Contains("reshape", Assert.Throws<ShapeException>(() => Tensor.Zeros([2, 3]).Reshape(4, -1)).Message);
        Assert.Contains("transpose", Assert.Throws<ShapeException>(() => Tensor.Zeros([2, 3]).Transpose(0, 0)).Message);
        Assert.Contains("sum", Assert.Throws<ShapeException>(() => Sum(Tensor.Zeros([2, 3]), 2)).Message);
        Assert.Contains("exp", Assert.Throws<ShapeException>(() => Exp(Tensor.Zeros([2], DType.I32))).Message);
        Assert.Contains("concat", Assert.Throws<ShapeException>(() => Concat([Tensor.Zeros([2, 3]), Tensor.Zeros([2, 4])])).Message);
        Assert.Contains("slice", Assert.Throws<ShapeException>(() => Slice(Tensor.Zeros([2]), [1], [2])).Message);
        Assert.Contains("cross_entropy", Assert.Throws<ShapeException>(() => CrossEntropy(Tensor.Zeros([2, 3]), Tensor.Zeros([3], DType.I32))).Message);
    }

    [Fact]
    public void A_trace_shows_only_the_users_frames()
    {
        Action[] failures =
        [
            () => Fails(x => MatMul(x, x)),
            () => Fails(x => x + Tensor.Zeros([7])),
            () => Fails(x => Gather(x, Tensor.From<int>([9]))),
            () => Fails(x => x[5]),
            () => Fails(x => x.Reshape(5)),
            () => Fails(x => Attention(x, x, Tensor.Zeros([1]))),
            () => Fails(x => Embedding(x, Tensor.From<long>([11]))),
            () => Fails(x => { x.Backward(); return x; }),
            () => Fails(x => ValueAndGrad(() => x * x, [x]).Value),
            () => Fails(x => x.Item<float>()),
        ];
        foreach (var failure in failures)
        {
            var error = Assert.ThrowsAny<Exception>(failure);
            Assert.Null(error.InnerException);
            var frames = error.StackTrace!.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Assert.StartsWith("at Unified.Tests.ErrorTests.", frames[0]);
            Assert.DoesNotContain(frames, f => f.StartsWith("at Unified.", StringComparison.Ordinal) && !f.StartsWith("at Unified.Tests.", StringComparison.Ordinal));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fails(Func<Tensor, object> user) => user(Tensor.Zeros([2, 3]));
}
