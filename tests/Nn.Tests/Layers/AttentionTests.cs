using Unified.Ir;
using Unified.Lowering;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Attention in all its forms against its definition, and transformers in both modes.</summary>
[Collection("graphs")]
public class AttentionTests
{
    private static readonly Dictionary<string, Func<Generator, Layer>> s_layers = new()
    {
        ["attention"] = g => new MultiHeadAttention(8, 2, generator: g),
        ["causal"] = g => new MultiHeadAttention(8, 2, causal: true, bias: false, generator: g),
        ["groups"] = g => new MultiHeadAttention(8, 4, groups: 2, generator: g),
        ["rotary"] = g => new MultiHeadAttention(8, 2, causal: true, rotary: true, generator: g),
        ["encoder"] = g => new TransformerEncoderLayer(8, 2, 12, generator: g),
        ["encoder, norms behind"] = g => new TransformerEncoderLayer(8, 2, 12, normFirst: false, activation: new Silu(), generator: g),
        ["encoders"] = g => new Sequential(new SinusoidalPositions(8, 20), new TransformerEncoderLayer(8, 2, 12, generator: g), new TransformerEncoderLayer(8, 2, 12, generator: g)),
        ["positions"] = _ => new SinusoidalPositions(8, 20),
        ["turned"] = _ => new RotaryEmbedding(8),
    };

    public static TheoryData<string> Names => [.. s_layers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_and_differences_agree(string name) => LayerLaws.Check(s_layers[name], new Generator(2).Normal([2, 5, 8]), tolerance: 2e-5);

    [Theory]
    [InlineData(false, false, 4)]
    [InlineData(true, false, 2)]
    [InlineData(false, true, 1)]
    [InlineData(true, true, 4)]
    public void Attention_is_its_definition(bool causal, bool masked, int groups)
    {
        var attention = new MultiHeadAttention(8, 4, groups, memoryWidth: 6, causal: causal, generator: new Generator(1));
        var (query, memory) = (new Generator(2).Normal([2, 3, 8]), new Generator(3).Normal([2, 5, 6]));
        var visible = Enumerable.Range(0, 30).Select(i => !masked || i % 3 != 1).ToArray();
        var mask = masked ? Tensor.From<bool>(visible, 2, 3, 5) : null;
        var expected = Definition(attention, query, memory, (n, t, s) => visible[(((n * 3) + t) * 5) + s] && (!causal || s <= t + 2));
        BothModes.Close(expected, BothModes.In(ExecutionMode.Eager, () => attention.Attend(query, memory, mask)), 5e-6);
        BothModes.Close(expected, BothModes.Compiled(() => attention.Attend(query, memory, mask)), 5e-6);
    }

    [Theory]
    [InlineData(false, 4, null, DType.F32, 1e-5)]
    [InlineData(true, 2, null, DType.F32, 1e-5)]
    [InlineData(false, 4, 9, DType.F32, 1e-5)]
    [InlineData(true, 2, 30, DType.F32, 1e-5)]
    [InlineData(true, 2, 30, DType.BF16, 2e-2)]
    [InlineData(false, 1, 30, DType.F16, 2e-3)]
    public void Steps_with_a_cache_are_the_whole(bool rotary, int groups, int? context, DType cacheType, double tolerance)
    {
        var attention = new MultiHeadAttention(8, 4, groups, causal: true, rotary: rotary, generator: new Generator(1), context: context, cacheType: cacheType);
        var x = new Generator(2).Normal([2, 9, 8]);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            var whole = BothModes.In(mode, () => attention.Forward(x));
            attention.Forget(2);
            var before = GraphRuntime.Statistics.Compilations;
            foreach (var (from, to) in ((int, int)[])[(0, 3), (3, 4), (4, 5), (5, 6), (6, 9)])
            {
                var part = BothModes.In(mode, () => attention.Step(x[.., from..to, ..]));
                BothModes.Close(whole[.., from..to, ..], part, tolerance);
            }

            Assert.Equal(9, attention.CachedLength);
            Assert.True(GraphRuntime.Statistics.Compilations - before <= 3, "a further length was compiled for");
        }
    }

    [Fact]
    public void A_step_within_a_context_writes_its_caches_where_they_lie()
    {
        var attention = new MultiHeadAttention(8, 4, causal: true, rotary: true, generator: new Generator(1), context: 50);
        var x = new Generator(2).Normal([1, 1, 8]);
        var call = GraphCall.Of(() => attention.Step(x));
        var program = new GraphCompiler().Compile(call.Function, call.Self, call.Arguments, GraphRuntime.Options).Image.Programs[0];
        Assert.Equal(3, program.Outputs.Length - 1);
        Assert.Equal(3, program.Donations.Length);
    }

    [Fact]
    public void A_step_beyond_the_context_is_an_error_and_changes_nothing()
    {
        var attention = new MultiHeadAttention(8, 4, causal: true, generator: new Generator(1), context: 4);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            attention.Forget();
            var first = BothModes.In(mode, () => attention.Step(new Generator(2).Normal([1, 3, 8])));
            Assert.Contains("axis of 4", Assert.Throws<IndexOutOfRangeException>(() => BothModes.In(mode, () => attention.Step(new Generator(3).Normal([1, 2, 8])))).Message, StringComparison.Ordinal);
            Assert.Equal(3, attention.CachedLength);
            _ = BothModes.In(mode, () => attention.Step(new Generator(2).Normal([1, 1, 8])));
            Assert.Equal(4, attention.CachedLength);
        }
    }

    [Fact]
    public void A_decoder_agrees_in_both_modes_and_looks_at_the_memory()
    {
        foreach (var normFirst in (bool[])[true, false])
        {
            var decoder = new TransformerDecoderLayer(8, 2, 12, memoryWidth: 6, normFirst: normFirst, generator: new Generator(1));
            var (x, memory) = (new Generator(2).Normal([2, 4, 8]), new Generator(3).Normal([2, 5, 6]));
            BothModes.Agree(() => decoder.Forward(x, memory), 1e-5);
            var mask = Tensor.From<bool>([.. Enumerable.Range(0, 20).Select(i => i % 5 < 3)], 4, 5);
            BothModes.Agree(() => decoder.Forward(x, memory, mask), 1e-5);

            // What the mask hides may be anything.
            var other = Ops.Concat([memory[.., ..3, ..], memory[.., 3.., ..] * 7f], 1);
            BothModes.Close(BothModes.Compiled(() => decoder.Forward(x, memory, mask)), BothModes.Compiled(() => decoder.Forward(x, other, mask)), 1e-6);

            // A position does not see those behind it.
            var later = Ops.Concat([x[.., ..3, ..], x[.., 3.., ..] * 5f], 1);
            BothModes.Close(
                BothModes.Compiled(() => decoder.Forward(x, memory))[.., ..3, ..].Contiguous(), BothModes.Compiled(() => decoder.Forward(later, memory))[.., ..3, ..].Contiguous(), 1e-6);
        }
    }

    [Fact]
    public void Dropped_weights_are_the_same_in_both_modes()
    {
        var (eager, graph) = (new MultiHeadAttention(8, 2, causal: true, dropout: 0.5f, generator: new Generator(1)), new MultiHeadAttention(8, 2, causal: true, dropout: 0.5f, generator: new Generator(1)));
        var x = new Generator(2).Normal([2, 5, 8]);
        BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Forward(x)), BothModes.Compiled(() => graph.Forward(x)), 1e-5);
        graph.Evaluate();
        BothModes.Agree(() => graph.Forward(x), 1e-5);
    }

    [Fact]
    public void Turned_products_depend_on_distance_alone()
    {
        var turn = new RotaryEmbedding(8);
        var (q, k) = (Ops.BroadcastTo(new Generator(1).Normal([1, 8]), 6, 8), Ops.BroadcastTo(new Generator(2).Normal([1, 8]), 6, 8));
        var products = BothModes.Compiled(() => Ops.MatMul(turn.Forward(q), turn.At(k, 3), transposeB: true)).ToArray<float>();
        for (var i = 1; i < 6; i++)
        {
            Assert.Equal(products[0], products[(i * 6) + i], 1e-4);
            Assert.Equal(products[1], products[((i - 1) * 6) + i], 1e-4);
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new MultiHeadAttention(10, 4));
        Assert.Throws<ArgumentException>(() => new MultiHeadAttention(8, 4, groups: 3));
        Assert.Throws<ArgumentException>(() => new RotaryEmbedding(3));
        Assert.Throws<ArgumentException>(() => new SinusoidalPositions(5, 4));
    }

    private static Tensor Definition(MultiHeadAttention attention, Tensor query, Tensor memory, Func<int, int, int, bool> sees)
    {
        var state = attention.NamedState().Where(s => s.Tensor is Parameter).ToDictionary(s => s.Name, s => s.Tensor.ToArray<float>());
        double[][] Project(string name, Tensor x)
        {
            var (w, b) = (state[name + ".weight"], state[name + ".bias"]);
            return [.. x.ToArray<float>().Chunk(x.Shape[2]).Select(r => b.Select((v, o) => v + r.Select((u, i) => (double)u * w[(o * r.Length) + i]).Sum()).ToArray())];
        }

        var (q, k, v) = (Project("query", query), Project("key", memory), Project("value", memory));
        var heads = new float[2 * 3 * 8];
        for (var i = 0; i < heads.Length; i++)
        {
            var (n, t, head, d) = (i / 24, i / 8 % 3, i / 2 % 4, i % 2);
            var group = head / (4 / attention.Groups);
            var weights = Enumerable.Range(0, 5).Select(s => sees(n, t, s)
                ? Math.Exp(((q[(n * 3) + t][head * 2] * k[(n * 5) + s][group * 2]) + (q[(n * 3) + t][(head * 2) + 1] * k[(n * 5) + s][(group * 2) + 1])) / Math.Sqrt(2)) : 0).ToArray();
            heads[i] = (float)(weights.Select((w, s) => w * v[(n * 5) + s][(group * 2) + d]).Sum() / weights.Sum());
        }

        return Tensor.From<float>([.. Project("output", Tensor.From<float>(heads, 2, 3, 8)).SelectMany(r => r).Select(r => (float)r)], 2, 3, 8);
    }
}
