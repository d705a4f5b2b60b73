using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Work along rows, as graphs.</summary>
public sealed partial class RowWork : Module
{
    [StaticGraph]
    public Tensor Shares([Shape("R", "C")] Tensor x) => Ops.Softmax(x);

    [StaticGraph]
    public Tensor Affine([Shape("R", "C")] Tensor x) => (x * 3f) + 1f;

    [StaticGraph]
    public (Tensor Sum, Tensor Product) Both([Shape("R", "C")] Tensor x, [Shape("R", "C")] Tensor y) => (x + y, x * y);
}

/// <summary>Rows that are remembered, rows too long for that, and results that go past the caches.</summary>
[Collection("graphs")]
public class LargeRowsTests
{
    private static readonly RowWork s_work = new();

    [Theory]
    [InlineData(3, 1000)]
    [InlineData(2, 65_536)]
    [InlineData(2, 65_537)]
    [InlineData(1, 200_003)]
    public void Softmax_is_the_same_however_long_its_rows(int rows, int columns)
    {
        var x = new Generator(5).Normal([rows, columns]);
        using var y = BothModes.Compiled(() => s_work.Shares(x));
        var (input, output) = (x.ToArray<float>(), y.ToArray<float>());
        for (var r = 0; r < rows; r++)
        {
            var row = input.Skip(r * columns).Take(columns).Select(v => Math.Exp(v)).ToArray();
            var total = row.Sum();
            for (var c = 0; c < columns; c++)
            {
                Assert.Equal(row[c] / total, output[(r * columns) + c], 1e-5 * row[c] / total);
            }
        }
    }

    [Theory]
    [InlineData(9000, 1024)]
    [InlineData(9000, 1023)]
    [InlineData(1, 8_500_001)]
    public void Results_larger_than_the_caches_are_whole(int rows, int columns)
    {
        var x = new Generator(5).Uniform([rows, columns]);
        using var y = BothModes.Compiled(() => s_work.Affine(x));
        ReadOnlySpan<float> input = x.AsReadOnlySpan<float>(), output = y.AsReadOnlySpan<float>();
        for (var i = 0; i < input.Length; i++)
        {
            Assert.Equal((input[i] * 3) + 1, output[i], 1e-6f);
        }
    }

    [Fact]
    public void Two_large_results_of_one_kernel()
    {
        var (x, y) = (new Generator(5).Uniform([9000, 1000]), new Generator(6).Uniform([9000, 1000]));
        var (sum, product) = BothModes.In(ExecutionMode.Graph, () => s_work.Both(x, y));
        ReadOnlySpan<float> a = x.AsReadOnlySpan<float>(), b = y.AsReadOnlySpan<float>(), s = sum.AsReadOnlySpan<float>(), p = product.AsReadOnlySpan<float>();
        for (var i = 0; i < a.Length; i++)
        {
            Assert.Equal(a[i] + b[i], s[i]);
            Assert.Equal(a[i] * b[i], p[i]);
        }
    }
}
