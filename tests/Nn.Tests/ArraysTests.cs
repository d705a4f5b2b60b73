using Unified.Ir;
using Unified.Nn.Distributions;
using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Tensors taken apart, spread over grids, with sizes given for what the values would say, and drawn in f64: the same in both modes, and what the eager ops say.</summary>
public sealed partial class ArrayModels : Module
{
    public Tensor State { get; } = new Generator(5).State;

    [StaticGraph]
    public Tensor Parts([Shape("B", 6)] Tensor x)
    {
        var sizes = Arrays.Split(x, [1, 3, 2], -1);
        var halves = Arrays.Chunk(x, 2, 1);
        return Concat([sizes[2], sizes[0], sizes[1] * 2f, halves[1] - halves[0]], 1);
    }

    [StaticGraph]
    public Tensor Grid([Shape("N")] Tensor x, [Shape("M")] Tensor y)
    {
        var (a, b) = Arrays.Meshgrid(x, y);
        var (c, d, e) = Arrays.Meshgrid(x, y, x);
        return a * 10f + b + Sum(c * d + e, 2);
    }

    [StaticGraph]
    public (Tensor Values, Tensor Counts, Tensor Places, Tensor Nonzero) Distinct([Shape("B", "T")] Tensor x) =>
        (Unique(x, 4, -7), UniqueCounts(x, 4), UniquePlaces(x), Nonzero(x, 5));

    [StaticGraph]
    public Tensor SlopeOfDistinct([Shape("B", "T")] Tensor x) => Grad(() => Sum(Square(Unique(x, 3))), x);

    [StaticGraph]
    public (Tensor Again, Tensor Once, Tensor Counts) Classes([Shape("N", 4)] Tensor logits) =>
        (Categorical.Sample(State, logits, 2000), Categorical.SampleDistinct(State, logits, 3), Multinomial.Sample(State, logits, 100));

    [StaticGraph]
    public (Tensor Normal, Tensor Uniform, Tensor Gamma) Wide([Shape("N")] Tensor mean, [Shape("N")] Tensor scale) =>
        (Normal.Sample(State, mean, scale), Uniform.Sample(State, mean, mean + scale), Gamma.Sample(State, scale, scale));
}

[Collection("graphs")]
public class ArraysTests
{
    private static readonly Tensor s_logits = Log(Tensor.From<float>([0.1f, 0.2f, 0.3f, 0.4f, 0.7f, 0.1f, 0.1f, 0.1f], 2, 4));

    [Fact]
    public void Parts_and_grids()
    {
        var model = new ArrayModels();
        var x = Tensor.From<float>([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 2, 6);
        BothModes.Agree(() => model.Parts(x));
        Assert.Equal([5f, 6, 1, 4, 6, 8, 3, 3, 3], model.Parts(x)[0].ToArray<float>());
        BothModes.Agree(() => model.Grid(Tensor.From<float>([1, 2, 3]), Tensor.From<float>([4, 5])));
        var (a, b) = Arrays.Meshgrid(Tensor.From<float>([1, 2, 3]), Tensor.From<float>([4, 5]));
        Assert.Equal([1f, 1, 2, 2, 3, 3], a.ToArray<float>());
        Assert.Equal([4f, 5, 4, 5, 4, 5], b.ToArray<float>());
        Assert.Contains("do not make an axis of 6", Assert.Throws<ArgumentException>(() => Arrays.Split(x, [1, 2], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("no 4 parts", Assert.Throws<ArgumentException>(() => Arrays.Chunk(x, 4, 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    [InlineData(DType.I32)]
    [InlineData(DType.I16)]
    public void Distinct_elements_are_those_of_the_eager_op(DType dtype)
    {
        var model = new ArrayModels();
        foreach (var values in (float[][])[[3, 1, 3, 0, 1, 3], [2, 2, 2, 2], [5, 4, 3, 2, 1, 0, 9, 8], [0, 0]])
        {
            var x = Cast(Tensor.From<float>(values, 2, values.Length / 2), dtype);
            var (all, places, counts) = Unique(x);
            var found = Nonzero(x).ToArray<long>();
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                var result = BothModes.In(mode, () => model.Distinct(x));
                Assert.Equal(dtype, result.Values.DType);
                Assert.Equal(Padded(Cast(all, DType.F64).ToArray<double>(), 4, -7), Cast(result.Values, DType.F64).ToArray<double>());
                Assert.Equal(Padded(counts.ToArray<long>(), 4, 0), result.Counts.ToArray<long>());
                Assert.Equal(places.ToArray<long>(), result.Places.ToArray<long>());
                Assert.Equal(Padded(found, 10, -1), result.Nonzero.ToArray<long>());
            }
        }
    }

    [Fact]
    public void The_slope_of_distinct_elements_goes_to_the_first_of_each()
    {
        var model = new ArrayModels();
        var x = Tensor.From<float>([3, 1, 3, 2, 1, 3], 2, 3);
        BothModes.Agree(() => model.SlopeOfDistinct(x));
        Assert.Equal([6f, 2, 0, 4, 0, 0], model.SlopeOfDistinct(x).ToArray<float>());
    }

    [Fact]
    public void What_cannot_be_is_said()
    {
        Assert.Contains("fill -7 is no u8", Assert.Throws<ShapeException>(() => Unique(Cast(Tensor.From<float>([1, 2]), DType.U8), 2, -7)).Message, StringComparison.Ordinal);
        Assert.Contains("cast it to i32", Assert.Throws<ShapeException>(() => Unique(Tensor.From<long>([1, 2]), 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_are_drawn_as_often_as_their_probabilities_say()
    {
        var (eager, graph) = (new ArrayModels(), new ArrayModels());
        var expected = BothModes.In(ExecutionMode.Eager, () => eager.Classes(s_logits));
        var actual = BothModes.In(ExecutionMode.Graph, () => graph.Classes(s_logits));
        Assert.Equal(expected.Again.ToArray<long>(), actual.Again.ToArray<long>());
        Assert.Equal(expected.Once.ToArray<long>(), actual.Once.ToArray<long>());
        Assert.Equal(expected.Counts.ToArray<float>(), actual.Counts.ToArray<float>());
        Assert.Equal(eager.State.ToArray<long>(), graph.State.ToArray<long>());
        Assert.Equal([2, 2000], actual.Again.Shape);
        var p = Exp(s_logits).ToArray<float>();
        var drawn = actual.Again.ToArray<long>();
        for (var row = 0; row < 2; row++)
        {
            for (var c = 0; c < 4; c++)
            {
                Assert.Equal(p[(row * 4) + c], drawn.Skip(row * 2000).Take(2000).Count(d => d == c) / 2000.0, 0.05);
            }

            // Without putting back no class comes twice.
            Assert.Equal(3, actual.Once.ToArray<long>().Skip(row * 3).Take(3).Distinct().Count());
        }

        Assert.Equal([100f, 100], Sum(actual.Counts, 1).ToArray<float>());
    }

    [Fact]
    public void Draws_without_putting_back_begin_with_one_of_all()
    {
        var first = new double[4];
        var state = new Generator(8).State;
        for (var i = 0; i < 500; i++)
        {
            first[Categorical.SampleDistinct(state, s_logits[0], 4).ToArray<long>()[0]] += 1.0 / 500;
        }

        Assert.All(first.Zip([0.1, 0.2, 0.3, 0.4]), f => Assert.Equal(f.Second, f.First, 0.08));
    }

    [Fact]
    public void Draws_of_f64_are_f64()
    {
        var (eager, graph) = (new ArrayModels(), new ArrayModels());
        var (mean, scale) = (Full([20_000], 1.5, DType.F64), Full([20_000], 0.5, DType.F64));
        var expected = BothModes.In(ExecutionMode.Eager, () => eager.Wide(mean, scale));
        var actual = BothModes.In(ExecutionMode.Graph, () => graph.Wide(mean, scale));
        foreach (var (a, b, center) in new[] { (expected.Normal, actual.Normal, 1.5), (expected.Uniform, actual.Uniform, 1.75), (expected.Gamma, actual.Gamma, 1.0) })
        {
            Assert.Equal(DType.F64, b.DType);
            BothModes.Close(a, b, 1e-12);
            Assert.Equal(center, Mean(b).Item<double>(), 0.05);

            // More digits than f32 has.
            Assert.Contains(b.ToArray<double>(), v => (float)v != v);
        }
    }

    private static T[] Padded<T>(T[] values, int size, T fill) => [.. values.Take(size), .. Enumerable.Repeat(fill, Math.Max(0, size - values.Length))];
}
