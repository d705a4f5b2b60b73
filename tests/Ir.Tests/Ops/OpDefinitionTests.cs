using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Definitions against textbook formulas written out in plain loops.</summary>
public sealed class OpDefinitionTests
{
    private static readonly ReferenceBuilder Builder = new();

    private static readonly double[] Row = [0.5, -1.25, 2, 0.75];

    [Theory]
    [InlineData(OpCode.Relu, -1.5, 0)]
    [InlineData(OpCode.Relu, 1.5, 1.5)]
    [InlineData(OpCode.Sigmoid, 1.5, 0.81757447619364365)]
    [InlineData(OpCode.Sigmoid, -1.5, 0.18242552380635635)]
    [InlineData(OpCode.Sigmoid, -1000, 0)]
    [InlineData(OpCode.Sigmoid, 1000, 1)]
    [InlineData(OpCode.Silu, 1.5, 1.2263617142904655)]
    [InlineData(OpCode.Gelu, 1.5, 1.399789198096713)]
    [InlineData(OpCode.Gelu, -0.5, -0.15426876936299344)]
    [InlineData(OpCode.GeluTanh, 1.5, 1.3995715769802328)]
    [InlineData(OpCode.Square, -1.5, 2.25)]
    public void Activations(OpCode code, double x, double expected) =>
        Near([expected], Run(code, Attributes.Empty, ("f64[]", [x])));

    [Theory]
    [InlineData(-2, -0.5)]
    [InlineData(0.25, 0.25)]
    [InlineData(2, 1)]
    public void Clamp(double x, double expected) =>
        Near([expected], Run(OpCode.Clamp, Attributes.Empty.With("min", -0.5).With("max", 1.0), ("f64[]", [x])));

    [Fact]
    public void Statistics()
    {
        var mean = Row.Average();
        var squares = Row.Sum(x => (x - mean) * (x - mean));
        Near([mean], Run(OpCode.Mean, Attributes.Empty, ("f64[4]", Row)));
        Near([squares / 4], Run(OpCode.Variance, Attributes.Empty, ("f64[4]", Row)));
        Near([squares / 3], Run(OpCode.Variance, Attributes.Empty.With("correction", 1L), ("f64[4]", Row)));
        Near(
            Row.Select((x, i) => ((x - mean) / Math.Sqrt((squares / 4) + 1e-5) * (i + 1)) + i),
            Run(OpCode.LayerNorm, Attributes.Empty, ("f64[4]", Row), ("f64[4]", [1, 2, 3, 4]), ("f64[4]", [0, 1, 2, 3])));
        Near(
            Row.Select((x, i) => x / Math.Sqrt(Row.Average(r => r * r) + 1e-6) * (i + 1)),
            Run(OpCode.RmsNorm, Attributes.Empty, ("f64[4]", Row), ("f64[4]", [1, 2, 3, 4])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(-1000)]
    public void Softmax_does_not_mind_an_offset(double offset)
    {
        var sum = Row.Sum(Math.Exp);
        double[] x = [.. Row.Select(r => r + offset)];
        Near(Row.Select(r => Math.Exp(r) / sum), Run(OpCode.Softmax, Attributes.Empty, ("f64[4]", x)));
        Near(Row.Select(r => r - Math.Log(sum)), Run(OpCode.LogSoftmax, Attributes.Empty, ("f64[4]", x)));
        Near([Math.Log(sum) + offset], Run(OpCode.LogSumExp, Attributes.Empty.With("axis", 0L), ("f64[4]", x)));
        Near([Math.Log(sum) - Row[2]], Run(OpCode.CrossEntropy, Attributes.Empty, ("f64[4]", x), ("i64[]", [2])));
    }

    [Fact]
    public void Cross_entropy_is_the_mean_over_rows()
    {
        double[] logits = [.. Row, 1, 2, 3, 4];
        var losses = new[] { Math.Log(Row.Sum(Math.Exp)) - Row[1], Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(3) + Math.Exp(4)) - 4 };
        Near([losses.Average()], Run(OpCode.CrossEntropy, Attributes.Empty, ("f64[2,4]", logits), ("i32[2]", [1, 3])));
    }

    [Fact]
    public void Linear_and_embedding()
    {
        double[] weight = [1, 2, 3, 4, 5, 6];
        Near([1 - 3 + 10, 4 - 6 + 22], Run(OpCode.Linear, Attributes.Empty, ("f64[3]", [1, 0, -1]), ("f64[2,3]", weight), ("f64[2]", [10, 22])));
        Near([5, 6, 1, 2, 5, 6], Run(OpCode.Embedding, Attributes.Empty, ("f64[3,2]", weight), ("i64[3]", [-1, 0, 2])));
    }

    [Fact]
    public void Causal_attention_lets_the_last_query_see_all_keys()
    {
        double[] query = [0.5, -1, 2, 0.25], key = [1, 0.5, -0.5, 2, 0.75, -1], value = [1, 2, 3];
        var expected = new double[2];
        for (var i = 0; i < 2; i++)
        {
            var visible = Enumerable.Range(0, i + 2).ToArray();
            var powers = visible.Select(j => Math.Exp(((query[2 * i] * key[2 * j]) + (query[(2 * i) + 1] * key[(2 * j) + 1])) / Math.Sqrt(2))).ToArray();
            expected[i] = visible.Sum(j => powers[j] * value[j]) / powers.Sum();
        }

        Near(expected, Run(
            OpCode.Attention, Attributes.Empty.With("causal", true), ("f64[2,2]", query), ("f64[3,2]", key), ("f64[3,1]", value)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    public void A_random_state_advances_by_the_blocks_used(int size, int blocks) => Near(
        [42, 7 + blocks], Run(OpCode.RandomAdvance, Attributes.Empty.With("shape", [size]), ("i64[2]", [42, 7])));

    private static double[] Run(OpCode code, Attributes attributes, params (string Type, double[] Data)[] operands) =>
        ((ReferenceValue)Builder.Apply(
            OpTable.Get(code), [.. operands.Select(o => Builder.Value(OpSample.Type(o.Type), o.Data))], attributes)[0]).Data;

    private static void Near(IEnumerable<double> expected, double[] actual)
    {
        ImmutableArray<double> wanted = [.. expected];
        Assert.Equal(wanted.Length, actual.Length);
        Assert.All(wanted.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-12 * (1 + Math.Abs(p.First))));
    }
}
