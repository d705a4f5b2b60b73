using Unified.Ir;
using static Unified.Ops;

namespace Unified.Tests;

/// <summary>Elements overwritten in place, compared with loops over doubles; with a history, too, where the gradient's rule computes them.</summary>
public class ElementTests
{
    private static readonly int[] s_shape = [4, 5, 6];

    /// <summary>What is done to x, and the value that an element then has: its index, what it was, and the value that was put in.</summary>
    private sealed record Write(int[] Value, Action<Tensor, Tensor> Do, Func<int[], double, Nd, double> Then);

    private static readonly Write[] s_writes =
    [
        new([], (x, v) => x[..] = v, (_, _, v) => v.At()),
        new([5, 6], (x, v) => x[2] = v, (i, old, v) => i[0] == 2 ? v.At(i[1], i[2]) : old),
        new([6], (x, v) => x[-1] = v, (i, old, v) => i[0] == 3 ? v.At(i[2]) : old),
        new([2, 1], (x, v) => x[^2, 1..3] = v, (i, old, v) => i[0] == 2 && (i[1] is 1 or 2) ? v.At(i[1] - 1, i[2]) : old),
        new([4, 5], (x, v) => x[.., ^1] = v, (i, old, v) => i[2] == 5 ? v.At(i[0], i[1]) : old),
        new([3, 1, 4], (x, v) => x[1.., .., 2..] = v, (i, old, v) => i[0] > 0 && i[2] > 1 ? v.At(i[0] - 1, i[1], i[2] - 2) : old),
        new([], (x, v) => x[1, 2, 3] = v, (i, old, v) => i is [1, 2, 3] ? v.At() : old),
        new([3, 5, 6], (x, v) => x[Tensor.From<int>([3, -4, 3])] = v, (i, old, v) => i[0] == 3 ? v.At(2, i[1], i[2]) : i[0] == 0 ? v.At(1, i[1], i[2]) : old),
        new([2, 2], (x, v) => x[0, Tensor.From<long>([4, 1]), 1..3] = v, (i, old, v) => i[0] == 0 && (i[2] is 1 or 2) && (i[1] is 1 or 4) ? v.At(i[1] == 4 ? 0 : 1, i[2] - 1) : old),
        new([2, 2, 1], (x, v) => x[.., Tensor.From<int>([0, 1, 2, 0], 2, 2), ..] = v, (i, old, v) => i[1] switch { 0 => v.At(1, 1, 0), 1 => v.At(0, 1, 0), 2 => v.At(1, 0, 0), _ => old }),
        new([], (x, v) => x[Tensor.From<bool>([true, false, false, true])] = v, (i, old, v) => i[0] is 0 or 3 ? v.At() : old),
        new([1, 6], (x, v) => x[0, Tensor.From<bool>([true, false, false, true, true])] = v, (i, old, v) => i[0] == 0 && (i[1] is 0 or 3 or 4) ? v.At(0, i[2]) : old),
        new([], (x, v) => x[.., Checkers()] = v, (i, old, v) => (i[1] + i[2]) % 2 == 0 ? v.At() : old),
        new([1], (x, v) => x[Tensor.From<int>([])] = v, (_, old, _) => old),
        new([], (x, v) => x[2..2] = v, (_, old, _) => old),
    ];

    public static TheoryData<int> Writes => [.. Enumerable.Range(0, s_writes.Length)];

    private static Tensor Checkers() => Tensor.From<bool>([.. Enumerable.Range(0, 30).Select(i => ((i / 6) + (i % 6)) % 2 == 0)], 5, 6);

    [Theory]
    [MemberData(nameof(Writes))]
    public void Elements_have_the_value_that_was_put_in(int write)
    {
        var (valueShape, set, then) = s_writes[write];
        foreach (var dtype in new[] { DType.F32, DType.F64, DType.I32, DType.BF16, DType.U8 })
        {
            var x = Cast(Iota([120], 0), dtype).Reshape(4, 5, 6);
            var (old, view, holder) = (Nd.From(x), x[1..], x);
            var value = Cast(Iota([Nd.SizeOf(valueShape)], 0) + 200, DType.F32).Reshape(valueShape);
            var put = Nd.From(Cast(value, dtype));
            set(x, value);
            Check.Close(Nd.Make(s_shape, i => then(i, old.At(i), put)), x, 0, 0);
            Check.Close(Nd.Make([3, 5, 6], i => old.At(i[0] + 1, i[1], i[2])), view, 0, 0);
            Assert.Same(x, holder);
        }
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public void Gradients_flow_to_what_is_kept_and_to_what_is_put_in(int write)
    {
        var (valueShape, set, then) = s_writes[write];
        var (x, value) = (Check.Random(DType.F64, s_shape), Check.Random(DType.F64, valueShape));
        Tensor Loss()
        {
            var y = x * 1.5;
            set(y, value * value);
            return Sum(y * y * y);
        }

        Check.Close(Nd.Make([], _ => Nd.Make(s_shape, i => Math.Pow(then(i, 1.5 * Nd.From(x).At(i), Nd.From(value).Map(v => v * v)), 3)).Values.Sum()), Loss(), 1e-12, 1e-12);
        var (loss, gradients) = ValueAndGrad(Loss, [x, value]);
        Check.Close(Nd.From(Loss()), loss, 1e-12, 1e-12);
        foreach (var (tensor, gradient) in new[] { (x, gradients[0]), (value, gradients[1]) })
        {
            var found = gradient.ToArray<double>();
            var data = tensor.ToArray<double>();
            foreach (var at in Enumerable.Range(0, data.Length).Where(i => i % 7 == 0))
            {
                double At(double shift)
                {
                    var moved = (double[])data.Clone();
                    moved[at] += shift;
                    tensor.Assign(Tensor.From<double>(moved).Reshape(tensor.Shape));
                    return Loss().Item<double>();
                }

                Assert.Equal((At(1e-5) - At(-1e-5)) / 2e-5, found[at], 1e-5);
                tensor.Assign(Tensor.From<double>(data).Reshape(tensor.Shape));
            }
        }
    }

    [Fact]
    public void A_tensor_that_gradients_are_taken_by_can_be_written_to()
    {
        var w = new Parameter(Tensor.From<double>([2, 3]));
        for (var i = 0; i < 2; i++)
        {
            var gradient = Grad(() =>
            {
                w[0] = 5.0;
                return Sum(w * w);
            }, [w])[0];
            Assert.Equal([0, 6], gradient.ToArray<double>());
            Assert.Equal([5, 3], w.ToArray<double>());
        }

        Sum(w * w).Backward();
        Assert.Equal([10, 6], w.Grad!.ToArray<double>());
    }

    [Fact]
    public void A_buffer_that_is_written_to_carries_the_gradient_until_the_function_ends()
    {
        var (w, b) = (new Parameter(Tensor.From<double>([2, 3])), Tensor.From<double>([7, 7]));
        for (var i = 0; i < 2; i++)
        {
            var gradient = Grad(() =>
            {
                b.Assign(w * 2);
                b[0] = 1.0;
                return Sum(b * b);
            }, [w])[0];
            Assert.Equal([0, 24], gradient.ToArray<double>());
            Assert.Null(b.Slot);
        }

        Assert.Equal([1, 6], b.ToArray<double>());
    }

    [Fact]
    public void What_does_not_fit_is_explained()
    {
        var x = Tensor.Zeros([4, 5]);
        Assert.Contains("[3]", Assert.Throws<ShapeException>(() => x[0] = Tensor.Zeros([3])).Message);
        Assert.Contains("outside axis 0", Assert.Throws<IndexOutOfRangeException>(() => x[4] = 0f).Message);
        Assert.Contains("out of range", Assert.Throws<IndexOutOfRangeException>(() => x[Tensor.From<int>([4])] = 0f).Message);
        Assert.Contains("mask of shape [5]", Assert.Throws<ShapeException>(() => x[Tensor.From<bool>([true, true, true, true, true])] = 0f).Message);
        Assert.Contains("not f32", Assert.Throws<ShapeException>(() => x[Tensor.Zeros([1])] = 0f).Message);
        Assert.Contains("3 indices", Assert.Throws<IndexOutOfRangeException>(() => x[0, 0, 0] = 0f).Message);
    }
}
