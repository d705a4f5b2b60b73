using Unified.Ir;
using static Unified.Ops;

namespace Unified.Tests;

public class GradientTests
{
    public static TheoryData<int> Samples => [.. Enumerable.Range(0, GradientSamples.All.Count)];

    [Fact]
    public void Every_differentiable_op_has_a_sample()
    {
        var sampled = GradientSamples.All.Select(s => s.Code).ToHashSet();
        Assert.Empty(OpTable.All.Where(o => !o.Has(OpTraits.NonDifferentiable) && !o.Has(OpTraits.Structural)).Select(o => o.Code).Except(sampled));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void First_derivatives_agree_with_differences(int sample)
    {
        var call = GradientSamples.All[sample];
        Compare(call, FloatOperands(call), () => Loss(call));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Second_derivatives_agree_with_differences(int sample)
    {
        var call = GradientSamples.All[sample];
        var wrt = FloatOperands(call);
        Compare(call, wrt, () => wrt.Zip(Grad(() => Loss(call), wrt)).Select(p => Weighted(p.Second, 17)).Aggregate((a, b) => a + b));
    }

    /// <summary>The gradient is checked by differences; the tangent is its adjoint, and the tangent of the gradient is symmetric.</summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public void Tangents_are_adjoint_to_gradients(int sample)
    {
        var call = GradientSamples.All[sample];
        var wrt = FloatOperands(call);
        Tensor[] along = [.. wrt.Select((w, i) => Check.Random(w.DType, w.Shape, -1, 1, 40 + i))], other = [.. wrt.Select((w, i) => Check.Random(w.DType, w.Shape, -1, 1, 60 + i))];
        var (value, tangent) = Jvp(() => Eager.Apply(call.Code, call.Attributes, call.Operands), wrt, along);
        Assert.Equal(value.Type, tangent.Type);
        var back = Check.Random(value.DType, value.Shape, -1, 1, 80);
        Same(Inner([tangent], [back]), Inner(along, Vjp(() => Eager.Apply(call.Code, call.Attributes, call.Operands), wrt, back).Cotangents));

        double Curvature(Tensor[] a, Tensor[] b) => Jvp(() => wrt.Zip(Grad(() => Loss(call), wrt), a).Select(p => Sum(p.Second * p.Third)).Aggregate((u, v) => u + v), wrt, b).Tangent.Item<double>();
        Same(Curvature(along, other), Curvature(other, along));
    }

    [Fact]
    public void Third_derivative_by_nesting()
    {
        var x = Tensor.Scalar(1.5);
        var third = Grad(() => Grad(() => Grad(() => x * x * x * x, [x])[0], [x])[0], [x])[0];
        Assert.Equal(24 * 1.5, third.Item<double>(), 1e-12);
    }

    [Fact]
    public void Backward_adds_to_leaves_and_only_those()
    {
        var w = new Parameter(Tensor.From<float>([2, 3]));
        var x = Tensor.From<float>([5, 7]);
        var loss = Sum(w * x);
        loss.Backward();
        Assert.Equal([5, 7], w.Grad!.ToArray<float>());
        var seen = w.Grad;
        Sum(w * w).Backward();
        Assert.Equal([9, 13], w.Grad.ToArray<float>());
        Assert.Same(seen, w.Grad);
        Assert.Null(x.Grad);
        w.ZeroGrad();
        Assert.Null(w.Grad);
        Assert.Throws<InvalidOperationException>(() => loss.Backward());
        Assert.Throws<InvalidOperationException>(() => Sum(x).Backward());
        Assert.Throws<ShapeException>(() => (w * x).Backward());
        Assert.Throws<InvalidOperationException>(() => Tensor.Zeros([1], DType.I32).RequiresGrad = true);
    }

    [Fact]
    public void Backward_can_be_kept_and_differentiated()
    {
        var w = new Parameter(Tensor.Scalar(3.0));
        var loss = w * w * w;
        loss.Backward(keepRecord: true);
        loss.Backward();
        Assert.Equal(54, w.Grad!.Item<double>());
        w.ZeroGrad();
        (w * w * w).Backward(createGraph: true);
        var slope = w.Grad!;
        w.Grad = null;
        slope.Backward();
        Assert.Equal(18, w.Grad!.Item<double>());
    }

    [Fact]
    public void ValueAndGrad_watches_plain_tensors_and_gives_zeros_for_unused_ones()
    {
        var (x, y) = (Tensor.Scalar(3f), Tensor.From<float>([1, 2]));
        var (value, gradients) = ValueAndGrad(() => x * x, [x, y]);
        Assert.Equal(9, value.Item<float>());
        Assert.Equal(6, gradients[0].Item<float>());
        Assert.Equal([0, 0], gradients[1].ToArray<float>());
        Assert.Null(x.Slot);
        Assert.Null(value.Slot);
        var constant = ValueAndGrad(() => Tensor.Scalar(1f), [x]);
        Assert.Equal(0, constant.Gradients[0].Item<float>());
        Assert.Equal(1, Grad(() => x, [x])[0].Item<float>());
        Assert.Throws<ShapeException>(() => ValueAndGrad(() => y * x, [x]));
        Assert.Null(x.Slot);
    }

    [Fact]
    public void Gradients_stop_where_they_should()
    {
        var x = Tensor.Scalar(3.0);
        Assert.Equal(3, Grad(() => x * StopGradient(x), [x])[0].Item<double>());
        var w = new Parameter(Tensor.Scalar(2.0));
        using (NoGrad())
        {
            Assert.Null((w * w).Slot);
            Assert.Equal(4, Grad(() => w * w, [w])[0].Item<double>());
        }

        Assert.NotNull((w * w).Slot);
        Assert.False(Tape.IsRecording);
        ValueAndGrad(
            () =>
            {
                Assert.True(Tape.IsRecording);
                return w * 1.0;
            },
            [w]);
    }

    [Fact]
    public void Assigned_state_does_not_change_what_was_recorded()
    {
        var w = new Parameter(Tensor.Scalar(2.0));
        var loss = w * w * w;
        w.Assign(Tensor.Scalar(100.0));
        loss.Backward();
        Assert.Equal(12, w.Grad!.Item<double>());
        Assert.Equal(100, w.Item<double>());
    }

    private static double Inner(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y) => x.Zip(y, (a, b) => Sum(Cast(a * b, DType.F64)).Item<double>()).Sum();

    private static void Same(double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-8 * Math.Max(1, Math.Abs(expected)), $"{expected:R} is not {actual:R}");

    private static Tensor[] FloatOperands(GradientSample call) => [.. call.Operands.Where(o => o.DType.IsFloat())];

    private static Tensor Loss(GradientSample call) => Weighted(Eager.Apply(call.Code, call.Attributes, call.Operands), 5);

    private static Tensor Weighted(Tensor x, int seed) => Sum(x * Check.Random(x.DType, x.Shape, -1, 1, seed));

    private static void Compare(GradientSample call, Tensor[] wrt, Func<Tensor> f)
    {
        const double Step = 1e-5;
        var gradients = Grad(f, wrt);
        for (var i = 0; i < wrt.Length; i++)
        {
            Assert.Equal(wrt[i].Type, gradients[i].Type);
            var analytic = gradients[i].ToArray<double>();
            var values = wrt[i].ToArray<double>();
            for (var j = 0; j < values.Length; j++)
            {
                double At(double offset)
                {
                    var moved = (double[])values.Clone();
                    moved[j] += offset;
                    wrt[i].CopyFrom<double>(moved);
                    return f().Item<double>();
                }

                var numeric = (At(Step) - At(-Step)) / (2 * Step);
                wrt[i].CopyFrom<double>(values);
                Check.Near(numeric, analytic[j], 2e-6, 2e-7, $"{call}, operand {i}, element {j}");
            }
        }
    }
}
