using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Local functions and lambdas in static graphs give what they give eagerly.</summary>
public sealed partial class LocalFunctions : Module
{
    private Tensor _last = Tensor.Zeros([3]);

    public Tensor Last => _last;

    public Parameter Weight { get; } = new(Tensor.From<float>([1, -2, 3], 3));

    [StaticGraph]
    public Tensor CapturesAndAssigns(Tensor x, int times)
    {
        var calls = 0;
        for (var i = 0; i < times; i++)
        {
            x = Step(x, i);
        }

        return x * calls;

        Tensor Step(Tensor t, int n)
        {
            calls += n + 1;
            t = t * 2f;
            return t + calls;
        }
    }

    [StaticGraph]
    public Tensor ReturnsEarly(Tensor x, int n)
    {
        Tensor Choose(Tensor t)
        {
            foreach (var i in new[] { 1, 2, 3 })
            {
                if (i == n)
                {
                    return t * i;
                }
            }

            if (n < 0)
            {
                return -t;
            }

            return t;
        }

        return Choose(Choose(x + 1f));
    }

    [StaticGraph]
    public Tensor Lambdas(Tensor x, float scale)
    {
        Func<Tensor, Tensor> scaled = t => t * scale;
        var twice = (Func<Tensor, Tensor> f, Tensor t) => f(f(t));
        scale = scale + 1f;
        return twice(scaled, x) + twice(t => twice(scaled, t) - x, x);
    }

    [StaticGraph]
    public Tensor PassesFunctions(Tensor x)
    {
        Tensor Apply(Func<Tensor, Tensor> f, Tensor t)
        {
            var before = t;
            var y = f(t * 2f);
            return y + before;
        }

        return Apply(Exp, x) + Apply(Halved, x) + Apply(y => y + x, x);
    }

    [StaticGraph]
    public static Tensor Halved(Tensor x) => x * 0.5f;

    [StaticGraph]
    public Tensor ByReference(Tensor x, int n)
    {
        void Grow(ref Tensor t, out int used, int by)
        {
            t = t + by;
            used = by * 2;
            by = 0;
        }

        Grow(ref x, out var first, n);
        Grow(ref x, out n, n + 1);
        return x * first + n;
    }

    [StaticGraph]
    public Tensor SetsAField(Tensor x)
    {
        void Keep(Tensor t) => _last = t;

        Keep(x * 2f);
        Keep(_last + 1f);
        return _last + x;
    }

    [StaticGraph]
    public Tensor InOrder(Tensor x, int n)
    {
        int Next() => n *= 10;
        return x * int.CreateChecked(Weigh(n, Next()));
    }

    private static int Weigh(int a, int b) => a + (7 * b);

    [StaticGraph]
    public Tensor Sizes(Tensor x)
    {
        int Half(int n) => n / 2;
        (Tensor, Tensor) Split(Tensor t) => (t[..Half(t.Shape[0])], t[Half(t.Shape[0])..]);
        var (a, b) = Split(x);
        return Concat([b, a]);
    }

    [StaticGraph]
    public Tensor Gradient(bool squared)
    {
        var (_, gradients) = ValueAndGrad(
            () =>
            {
                if (squared)
                {
                    return Sum(Weight * Weight);
                }

                return Sum(Exp(Weight));
            },
            Parameters);
        return gradients[0];
    }

    [StaticGraph]
    public Tensor GradientOfFunctions(Tensor x)
    {
        Tensor Cubes() => Sum(Weight * Weight * Weight * x);
        Func<Tensor> squares = () => Sum(Weight * Weight);
        var (a, first) = ValueAndGrad(Cubes, Parameters);
        var (b, second) = ValueAndGrad(squares, Parameters);
        var (c, third) = ValueAndGrad(Loss, Parameters);
        return first[0] + second[0] + third[0] + a + b + c;
    }

    [StaticGraph]
    public Tensor Loss() => Sum(Exp(Weight));
}

[Collection("graphs")]
public class FunctionTests
{
    private static readonly LocalFunctions s_model = new();

    private static Tensor X => Tensor.From<float>([0.5f, -1, 2, 4], 4);

    private static Tensor Three => Tensor.From<float>([0.5f, -1, 2], 3);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_local_function_captures_and_assigns_variables(int times) => BothModes.Agree(() => s_model.CapturesAndAssigns(X, times));

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    [InlineData(7)]
    public void A_local_function_returns_early(int n) => BothModes.Agree(() => s_model.ReturnsEarly(X, n));

    [Fact]
    public void A_lambda_sees_the_variable_and_not_its_old_value() => BothModes.Agree(() => s_model.Lambdas(X, 3f));

    [Fact]
    public void Functions_are_passed_to_functions() => BothModes.Agree(() => s_model.PassesFunctions(X));

    [Fact]
    public void A_reference_is_the_variable_itself() => BothModes.Agree(() => s_model.ByReference(X, 3));

    [Fact]
    public void A_local_function_sets_a_field()
    {
        BothModes.Agree(() => s_model.SetsAField(Three));
        BothModes.Agree(() => s_model.Last * 1f + s_model.SetsAField(Three) * 0f);
    }

    [Fact]
    public void Arguments_of_host_calls_are_read_in_order() => BothModes.Agree(() => s_model.InOrder(X, 3));

    [Fact]
    public void Sizes_go_through_local_functions() => BothModes.Agree(() => s_model.Sizes(X));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_differentiated_function_returns_early(bool squared) => BothModes.Agree(() => s_model.Gradient(squared));

    [Fact]
    public void Any_known_function_can_be_differentiated() => BothModes.Agree(() => s_model.GradientOfFunctions(Three));
}
