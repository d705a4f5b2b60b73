using Unified.Ir;
using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Products of whatever type their operands have.</summary>
public sealed partial class TypedProducts : Module
{
    [StaticGraph]
    public Tensor Product([Shape("M", "K")] Tensor x, [Shape("K", "N")] Tensor y) => MatMul(x, y);

    [StaticGraph]
    public Tensor WithBias([Shape("M", "K")] Tensor x, [Shape("N", "K")] Tensor y, [Shape("N")] Tensor bias) => Maximum(MatMul(x, y, transposeB: true) + bias, bias);

    [StaticGraph]
    public (Tensor X, Tensor Y) Gradients([Shape("M", "K")] Tensor x, [Shape("K", "N")] Tensor y)
    {
        var (_, g) = ValueAndGrad(() => Sum(Cast(Square(MatMul(x, y)), DType.F32)), [x, y]);
        return (g[0], g[1]);
    }
}

/// <summary>Matrix products of every type are graphs: integers bit for bit, floats of 16 bits summed in f32 and rounded once.</summary>
[Collection("graphs")]
public class ProductTypeTests
{
    private static readonly TypedProducts s_model = new();

    [Theory]
    [InlineData(DType.I64)]
    [InlineData(DType.I32)]
    [InlineData(DType.I16)]
    [InlineData(DType.I8)]
    [InlineData(DType.U8)]
    public void Integers_agree_bit_for_bit(DType type)
    {
        foreach (var (m, k, n) in ((int, int, int)[])[(1, 1, 1), (5, 37, 70), (50, 300, 33)])
        {
            var (x, y, bias) = (Integers(1, type, m, k), Integers(2, type, k, n), Integers(3, type, n));
            Same(() => s_model.Product(x, y));
            var transposed = Transpose(y, 1, 0).Contiguous();
            Same(() => s_model.WithBias(x, transposed, bias));
        }
    }

    [Theory]
    [InlineData(DType.BF16, 1.0 / 128)]
    [InlineData(DType.F16, 1.0 / 1024)]
    public void Short_floats_are_within_a_unit_of_theirs(DType type, double unit)
    {
        foreach (var (m, k, n) in ((int, int, int)[])[(1, 1, 1), (5, 37, 70), (50, 300, 33)])
        {
            var (x, y, bias) = (Floats(1, type, m, k), Floats(2, type, k, n), Floats(3, type, n));
            Near(() => s_model.Product(x, y), unit);
            var transposed = Transpose(y, 1, 0).Contiguous();
            Near(() => s_model.WithBias(x, transposed, bias), unit);

            // Against the sum in double precision.
            double[] a = Cast(x, DType.F64).ToArray<double>(), b = Cast(y, DType.F64).ToArray<double>();
            var c = Cast(BothModes.Compiled(() => s_model.Product(x, y)), DType.F64).ToArray<double>();
            for (var i = 0; i < c.Length; i++)
            {
                var sum = Enumerable.Range(0, k).Sum(j => a[(i / n * k) + j] * b[(j * n) + (i % n)]);
                Assert.Equal(sum, c[i], unit * Math.Max(0.25, Math.Abs(sum)));
            }
        }
    }

    [Fact]
    public void Short_floats_have_gradients()
    {
        var (x, y) = (Floats(1, DType.BF16, 9, 40), Floats(2, DType.BF16, 40, 21));
        Near(() => s_model.Gradients(x, y).X, 1.0 / 32);
        Near(() => s_model.Gradients(x, y).Y, 1.0 / 32);
    }

    private static Tensor Integers(int seed, DType type, params ReadOnlySpan<int> shape)
    {
        using var uniform = new Generator(seed).Uniform(shape);
        return Cast((uniform * 250f) - (type == DType.U8 ? 0f : 125f), type);
    }

    private static Tensor Floats(int seed, DType type, params ReadOnlySpan<int> shape) => Cast(new Generator(seed).Uniform(shape) - 0.5f, type);

    private static void Same(Func<Tensor> run) =>
        Assert.Equal(BothModes.In(ExecutionMode.Eager, run).AsBytes().ToArray(), BothModes.Compiled(run).AsBytes().ToArray());

    private static void Near(Func<Tensor> run, double unit)
    {
        Tensor eager = BothModes.In(ExecutionMode.Eager, run), graph = BothModes.Compiled(run);
        Assert.Equal(eager.DType, graph.DType);
        foreach (var (e, g) in Cast(eager, DType.F64).ToArray<double>().Zip(Cast(graph, DType.F64).ToArray<double>()))
        {
            Assert.Equal(e, g, 2 * unit * Math.Max(0.25, Math.Abs(e)));
        }
    }
}
