using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A map over examples is a loop over them, in both modes, with derivatives inside and outside.</summary>
[Collection("graphs")]
public class VmapTests
{
    private static readonly Maps s_model = new();

    private static Tensor X(int examples, int seed = 1) => Ops.Cast(new Generator(seed).Normal([examples, 2]), Ir.DType.F64);

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    [InlineData(0)]
    public void A_map_is_a_loop_over_examples(int count)
    {
        var x = X(count);
        Check(Stack(x, s_model.One, [3]), () => s_model.Mapped(x));
        Check(Ops.Transpose(Stack(x, e => s_model.One(e) + s_model.V, [3]), 1, 0), () => s_model.ColumnsToColumns(Ops.Transpose(x, 1, 0)));
        Check(Stack(x, e => s_model.V * 2.0, [3]), () => s_model.Constant(x));
        Check(Stack(x, e => Ops.Select(Ops.Sum(e) > 0, e * 2.0, e), [2]), () => s_model.Chosen(x));
        Check(Stack(x, e => e * 2.0 + s_model.V[..2], [2]), () => s_model.SharedBranch(x));
        BothModes.Agree(() => s_model.SharedLoop(x), 1e-12);
        BothModes.Agree(() => s_model.LoopGradient(x), 1e-12);
    }

    [Fact]
    public void Maps_nest_and_stand_side_by_side()
    {
        var (x, y) = (X(4), X(3, seed: 2));
        Check(Stack(x, a => Stack(y, b => Ops.Sum(s_model.One(a) * s_model.One(b)), []), [3]), () => s_model.Pairs(x, y));
        var z = X(4, seed: 3);
        var expected = Ops.Stack([.. Enumerable.Range(0, 4).Select(i => s_model.Loss(x[i] * z[i]) + Ops.Sum(x[i]))], 0);
        Check(expected, () => s_model.SideBySide(x, Ops.Transpose(z, 1, 0)));
    }

    [Fact]
    public void Elements_are_set_in_each_example()
    {
        var (x, v) = (X(4), s_model.V * 2.0);
        Check(Stack(x, e => Ops.Stack([v[0], e[0], v[2], v[2], e[1]], 0), [5]), () => s_model.Elements(x));
    }

    [Fact]
    public void Gradients_per_example()
    {
        var x = X(4);
        for (var k = 0; k < 2; k++)
        {
            var index = k;
            var expected = BothModes.In(ExecutionMode.Eager, () => Stack(x, e => Ops.Grad(() => s_model.Loss(e), [s_model.W, s_model.V])[index], k == 0 ? [3, 2] : [3]));
            Check(expected, () => s_model.PerExample(x)[index]);
        }
    }

    [Fact]
    public void Derivatives_outside_and_on_both_sides()
    {
        var x = X(4);
        Tensor[] rows = [.. Enumerable.Range(0, 4).Select(i => x[i])];
        Check(
            BothModes.In(ExecutionMode.Eager, () => Ops.Grad(() => rows.Select(e => s_model.Loss(e) * Ops.Sum(e)).Aggregate((a, b) => a + b), s_model.V)),
            () => s_model.GradientOutside(x));
        Check(
            BothModes.In(ExecutionMode.Eager, () => Ops.Grad(() => rows.Select(e => Ops.Sum(Ops.Square(Ops.Grad(() => s_model.Loss(e), e)))).Aggregate((a, b) => a + b), s_model.W)),
            () => s_model.GradientOnBothSides(x));
        Check(
            BothModes.In(ExecutionMode.Eager, () => Stack(x, e => Ops.Jvp(() => s_model.One(e), [e, s_model.V], [e * 2.0, s_model.V]).Tangent, [3])),
            () => s_model.Tangents(x));
        
    }

    [Fact]
    public void What_differs_between_examples_decides_nothing()
    {
        foreach (var mode in new[] { ExecutionMode.Eager, ExecutionMode.Graph })
        {
            foreach (var call in new Func<Tensor, Tensor>[] { s_model.OwnBranch, s_model.OwnNumber })
            {
                var e = Assert.Throws<InvalidOperationException>(() => BothModes.In(mode, () => call(X(3))));
                Assert.StartsWith("inside of Vmap a value that differs between examples has no single value", e.Message, StringComparison.Ordinal);
            }

            var escaped = Assert.Throws<InvalidOperationException>(() => BothModes.In(mode, () => s_model.Escapes(X(3))));
            Assert.Contains("stands for an example of a Vmap that has ended", escaped.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Numbers_of_examples_agree()
    {
        foreach (var mode in new[] { ExecutionMode.Eager, ExecutionMode.Graph })
        {
            var e = Assert.ThrowsAny<Exception>(() => BothModes.In(mode, () => s_model.Sizes(X(3), X(4))));
            Assert.Contains("Vmap: one tensor has 3 examples, another, f64[4,2] along axis 0, has 4", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Jacobians_forwards_are_those_backwards()
    {
        var x = X(1)[0];
        var rows = BothModes.In(ExecutionMode.Eager, () => Ops.Stack([.. Enumerable.Range(0, 3).Select(i => Ops.Grad(() => s_model.One(x)[i], x))], 0));
        Check(rows, () => s_model.Forward(x));
        Check(rows, () => s_model.Reverse(x));
        var byW = BothModes.In(ExecutionMode.Eager, () => Ops.Stack([.. Enumerable.Range(0, 3).Select(i => Ops.Grad(() => s_model.One(x)[i], s_model.W))], 0));
        Check(byW, () => s_model.ForwardByW(x));
        Check(byW, () => s_model.ReverseByW(x));
        var second = BothModes.In(ExecutionMode.Eager, () => Ops.Stack([.. Enumerable.Range(0, 6).Select(i => Ops.Grad(() => Ops.Reshape(Ops.Grad(() => s_model.Loss(x), s_model.W), [6])[i], s_model.W))], 0));
        Check(Ops.Reshape(second, 3, 2, 3, 2), () => s_model.SecondByW(x));
        BothModes.Agree(() => s_model.JacobianOfJacobian(x), 1e-12);
        Check(BothModes.In(ExecutionMode.Eager, () => Stack(X(4), e => Ops.Hessian(() => s_model.Loss(e), e), [2, 2])), () => s_model.SecondPerExample(X(4)));
    }

    [Fact]
    public void Hessian_of_a_perceptron_is_that_of_differences()
    {
        const double Step = 1e-4;
        var random = new Generator(5);
        Tensor F64(params int[] shape) => Ops.Cast(random.Normal(shape), Ir.DType.F64);
        var (x, y, p) = (F64(6, 4), F64(6), F64(31));
        var values = p.ToArray<double>();
        double Loss(int i, double di, int j, double dj)
        {
            var moved = (double[])values.Clone();
            moved[i] += di;
            moved[j] += dj;
            return s_model.MlpLoss(x, y, Tensor.From<double>(moved, 31)).Item<double>();
        }

        var expected = BothModes.In(ExecutionMode.Eager, () => Enumerable.Range(0, 31 * 31).Select(k => (i: k / 31, j: k % 31)).Select(k =>
            (Loss(k.i, Step, k.j, Step) - Loss(k.i, Step, k.j, -Step) - Loss(k.i, -Step, k.j, Step) + Loss(k.i, -Step, k.j, -Step)) / (4 * Step * Step)).ToArray());
        Check(Tensor.From<double>(expected, 31, 31), () => s_model.MlpHessian(x, y, p), 2e-6);
    }

    private static Tensor Stack(Tensor x, Func<Tensor, Tensor> f, int[] shape) => BothModes.In(
        ExecutionMode.Eager,
        () => x.Shape[0] == 0 ? Tensor.Zeros([0, .. shape], x.DType) : Ops.Stack([.. Enumerable.Range(0, x.Shape[0]).Select(i => f(x[i]))], 0));

    private static void Check(Tensor expected, Func<Tensor> run, double tolerance = 1e-12)
    {
        BothModes.Close(expected, BothModes.In(ExecutionMode.Eager, run), tolerance);
        BothModes.Close(expected, BothModes.Compiled(run), tolerance);
    }
}
