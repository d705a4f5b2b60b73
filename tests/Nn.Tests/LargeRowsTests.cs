using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Work along rows, as graphs.</summary>
public sealed partial class RowWork : Module
{
    [StaticGraph]
    public Tensor Shares([Shape("R", "C")] Tensor x) => Ops.Softmax(x);

    [StaticGraph]
    public Tensor Affine([Shape("R", "C")] Tensor x) => (x * 3f) + 1f;

    /// <summary>Of k values, the largest and where they are; and the order of all, by another axis.</summary>
    [StaticGraph]
    public (Tensor Largest, Tensor Where, Tensor Order) Ranks([Shape("R", "C")] Tensor x, int count) =>
        (Ops.TopK(x, count), Ops.ArgTopK(x, count), Ops.ArgSort(Ops.Transpose(x, 1, 0), 0, descending: true));

    [StaticGraph]
    public (Tensor Sums, Tensor Products, Tensor Logs, Tensor Highest, Tensor Decayed) Scans([Shape("R", "C")] Tensor x) =>
        (Ops.CumSum(x), Ops.CumProd(x * 0.001f + 1f, 0), Ops.LogCumSumExp(x, reverse: true), Ops.CumMax(x), Ops.LinearScan(x * 0.1f, x));

    [StaticGraph]
    public (Tensor Loss, Tensor Slope) ScannedLoss([Shape("R", "C")] Tensor x)
    {
        var (loss, slopes) = Ops.ValueAndGrad(() => Ops.Sum(Ops.CumProd(x) + Ops.CumMax(x) + Ops.CumSum(x, reverse: true)), [x]);
        return (loss, slopes[0]);
    }

    [StaticGraph]
    public (Tensor Loss, Tensor Slope) SortedLoss([Shape("R", "C")] Tensor x, [Shape("R", "C")] Tensor weight)
    {
        var (loss, slopes) = Ops.ValueAndGrad(() => Ops.Sum(Ops.Sort(x * 2f) * weight), [x]);
        return (loss, slopes[0]);
    }

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
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(88)]
    [InlineData(-3000.7f)]
    public void Softmax_is_off_by_twice_what_the_differences_are(float maximum)
    {
        // Down to where a share is no normal number.
        const int Columns = 4099;
        var x = Tensor.From<float>([.. Enumerable.Range(0, Columns).Select(i => maximum - (i * 80f / Columns))], 1, Columns);
        using var y = BothModes.Compiled(() => s_work.Shares(x));
        var differences = x.ToArray<float>().Select(v => (double)v - maximum).ToArray();
        var total = differences.Sum(Math.Exp);
        foreach (var (d, share) in differences.Zip(y.ToArray<float>()))
        {
            var expected = Math.Exp(d) / total;
            Assert.Equal(expected, share, expected * Math.ScaleB(8 - (2.3 * d), -24));
        }
    }

    [Fact]
    public void Softmax_of_infinities_and_NaN()
    {
        const float Low = float.NegativeInfinity, High = float.PositiveInfinity, None = float.NaN;
        using var y = BothModes.Compiled(() => s_work.Shares(Tensor.From<float>([0, Low, 0, Low, Low, Low, 0, High, 0, 0, None, Low, -3e38f, 3e38f, 0], 5, 3)));
        Assert.Equal([0.5f, 0, 0.5f, None, None, None, None, None, None, None, None, None, 0, 1, 0], y.ToArray<float>());
    }

    [Theory]
    [InlineData(2, 50_257)]
    [InlineData(3, 1)]
    [InlineData(1, 300_000)]
    public void Long_rows_are_sorted(int rows, int columns)
    {
        // Rounded, so that many are equal: the first of equals comes first.
        var x = Ops.Round(new Generator(5).Normal([rows, columns]) * 100f);
        var count = Math.Min(columns, 40);
        var calls = GraphRuntime.Statistics.Calls;
        var (largest, where, order) = BothModes.In(ExecutionMode.Graph, () => s_work.Ranks(x, count));
        Assert.True(GraphRuntime.Statistics.Calls > calls, "no compiled graph ran");
        var (values, best, places, all) = (x.ToArray<float>(), largest.ToArray<float>(), where.ToArray<long>(), order.ToArray<long>());
        for (var r = 0; r < rows; r++)
        {
            var row = values.AsSpan(r * columns, columns).ToArray();
            var expected = Enumerable.Range(0, columns).OrderByDescending(i => row[i]).ToArray();
            Assert.Equal(expected.Take(count).Select(i => (long)i), places.Skip(r * count).Take(count));
            Assert.Equal(expected.Take(count).Select(i => row[i]), best.Skip(r * count).Take(count));
            Assert.Equal(expected.Select(i => (long)i), Enumerable.Range(0, columns).Select(c => all[(c * rows) + r]));
        }
    }

    [Theory]
    [InlineData(2, 200_000)]
    [InlineData(5, 1)]
    public void Scans_of_long_rows_have_the_same_bits_in_both_modes(int rows, int columns)
    {
        var x = new Generator(6).Normal([rows, columns]);
        var calls = GraphRuntime.Statistics.Calls;
        var graph = BothModes.In(ExecutionMode.Graph, () => s_work.Scans(x));
        Assert.True(GraphRuntime.Statistics.Calls > calls, "no compiled graph ran");
        var eager = BothModes.In(ExecutionMode.Eager, () => s_work.Scans(x));
        Assert.Equal(eager.Sums.ToArray<float>(), graph.Sums.ToArray<float>());
        Assert.Equal(eager.Logs.ToArray<float>(), graph.Logs.ToArray<float>());
        Assert.Equal(eager.Highest.ToArray<float>(), graph.Highest.ToArray<float>());
        var (sum, values, sums) = (0.0, x.ToArray<float>(), graph.Sums.ToArray<float>());
        for (var i = 0; i < columns; i++)
        {
            sum += values[i];
            Assert.Equal((float)sum, sums[i]);
        }
    }

    [Fact]
    public void The_gradient_of_a_product_knows_zeros()
    {
        var x = Tensor.From<float>([2, 0, 3, 5, 0, 7], 2, 3);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            var (loss, slope) = BothModes.In(mode, () => s_work.ScannedLoss(x));
            Assert.Equal(2 + 0 + 0 + 2 + 2 + 3 + 5 + 3 + 3 + 5 + 0 + 0 + 5 + 5 + 7 + 12 + 7 + 7, loss.Item<float>());
            Assert.Equal([1 + 2 + 1, 2 + 6 + 2, 0 + 1 + 3, 1 + 2 + 1, 5 + 35 + 2, 0 + 1 + 3], slope.ToArray<float>());
        }
    }

    [Fact]
    public void The_gradient_of_a_sort_goes_back_to_where_each_element_was()
    {
        var (x, weight) = (Tensor.From<float>([3, -1, 2, 0.5f, 7, 7], 2, 3), Tensor.From<float>([1, 10, 100, 1000, 10000, 100000], 2, 3));
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            var (loss, slope) = BothModes.In(mode, () => s_work.SortedLoss(x, weight));
            Assert.Equal(2 * ((-1 * 1) + (2 * 10) + (3 * 100) + (0.5f * 1000) + (7 * 10000) + (7 * 100000)), loss.Item<float>());
            Assert.Equal([200, 2, 20, 2000, 20000, 200000], slope.ToArray<float>());
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
