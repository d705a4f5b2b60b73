using Unified.Ir;
using Unified.Nn;
using static Unified.Ops;

namespace Unified.Benchmarks.Models;

/// <summary>The shape of GPT-2 small (Radford et al., 2019): 12 layers, 768 wide, 12 heads, 50,257 tokens, the head tied to the embedding.</summary>
public sealed partial class Gpt2 : Module
{
    public const int Width = 768, Heads = 12, Vocabulary = 50257;

    private const int Layers = 12, Context = 1024;

    private readonly Embedding _tokens = new(Vocabulary, Width, 0.02f, new Generator(1));
    private readonly Embedding _positions = new(Context, Width, 0.02f, new Generator(2));
    private readonly Gpt2Block[] _blocks;
    private readonly LayerNorm _norm = new(Width);
    private readonly Layer? _head;
    private readonly AdamW? _optimizer;

    /// <param name="training">Whether to hold the optimizer's state as well.</param>
    /// <param name="hold">What becomes of linear layers, and of the head; null: they stay as they are.</param>
    public Gpt2(bool training = false, Func<Linear, Layer>? hold = null)
    {
        _blocks = [.. Enumerable.Range(0, Layers).Select(i => new Gpt2Block(10 * (i + 1), hold ?? (linear => linear)))];
        _optimizer = training ? new AdamW(Parameters, new ConstantSchedule(1e-4)) { ClipNorm = 0 } : null;
        if (hold is not null)
        {
            var head = new Linear(Width, Vocabulary, bias: false);
            head.Weight.Assign(_tokens.Weight);
            _head = hold(head);
        }
    }

    /// <summary>Logits at every position.</summary>
    [StaticGraph]
    public Tensor Forward([Shape("B", "T")] Tensor tokens) => Logits(Hidden(tokens));

    /// <summary>Logits at the last position: what a prompt's next token needs.</summary>
    [StaticGraph]
    public Tensor Last([Shape("B", "T")] Tensor tokens) => Logits(Hidden(tokens)[.., ^1, ..]);

    /// <summary>
    /// Logits of the token after those that the caches hold, for one more token [1, 1] at <paramref name="position"/> [1]. The caches, per layer
    /// [1, heads, T, width of a head], are read and not written: the step can be repeated.
    /// </summary>
    [StaticGraph]
    public Tensor Decode([Shape(1, 1)] Tensor token, [Shape(1)] Tensor position, IReadOnlyList<Tensor> keys, IReadOnlyList<Tensor> values)
    {
        var x = _tokens.Forward(token) + Reshape(_positions.Forward(position), 1, 1, Width);
        for (var i = 0; i < _blocks.Length; i++)
        {
            x = _blocks[i].Decode(x, keys[i], values[i]);
        }

        return Logits(_norm.Forward(x));
    }

    /// <summary>
    /// As <see cref="Decode"/>, with caches that the blocks hold and that have room for the whole context: what is new is written into them at <paramref name="position"/> [].
    /// </summary>
    [StaticGraph]
    public Tensor Continue([Shape(1, 1)] Tensor token, Tensor position)
    {
        var x = _tokens.Forward(token) + Reshape(_positions.Forward(position), 1, 1, Width);
        foreach (var block in _blocks)
        {
            x = block.Continue(x, position);
        }

        return Logits(_norm.Forward(x));
    }

    /// <summary>Fills the blocks' caches, of a dtype, as if <see cref="Continue"/> had seen what the given ones hold.</summary>
    public void Remember(IReadOnlyList<Tensor> keys, IReadOnlyList<Tensor> values, DType dtype)
    {
        for (var i = 0; i < _blocks.Length; i++)
        {
            _blocks[i].Remember(Ops.Cast(keys[i], dtype), Ops.Cast(values[i], dtype), Context);
        }
    }

    [StaticGraph]
    public Tensor Step([Shape("B", "T")] Tensor tokens, [Shape("B", "T")] Tensor next)
    {
        var (loss, gradients) = ValueAndGrad(() => CrossEntropy(Forward(tokens), next), Parameters);
        _optimizer!.Step(gradients);
        return loss;
    }

    [StaticGraph]
    private Tensor Logits(Tensor hidden)
    {
        if (_head is null)
        {
            return MatMul(hidden, _tokens.Weight, transposeB: true);
        }

        return _head.Forward(hidden);
    }

    [StaticGraph]
    private Tensor Hidden([Shape("B", "T")] Tensor tokens)
    {
        var x = _tokens.Forward(tokens) + _positions.Weight[..tokens.Shape[1]];
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return _norm.Forward(x);
    }
}

public sealed partial class Gpt2Block : Module
{
    private readonly LayerNorm _attentionNorm = new(Gpt2.Width), _mlpNorm = new(Gpt2.Width);
    private readonly Layer _query, _key, _value, _output, _up, _down;
    [NotState]
    private Tensor _keys = Tensor.Zeros([1]), _values = Tensor.Zeros([1]);
    private DType _cacheType = DType.F32;

    public Gpt2Block(int seed, Func<Linear, Layer> hold)
    {
        Layer Layer(int inputs, int outputs) => hold(new(inputs, outputs, deviation: 0.02f, generator: new Generator(seed++)));
        _query = Layer(Gpt2.Width, Gpt2.Width);
        _key = Layer(Gpt2.Width, Gpt2.Width);
        _value = Layer(Gpt2.Width, Gpt2.Width);
        _output = Layer(Gpt2.Width, Gpt2.Width);
        _up = Layer(Gpt2.Width, 4 * Gpt2.Width);
        _down = Layer(4 * Gpt2.Width, Gpt2.Width);
    }

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        var y = _attentionNorm.Forward(x);
        var attended = Attention(Split(_query.Forward(y)), Split(_key.Forward(y)), Split(_value.Forward(y)), causal: true);
        x = x + _output.Forward(Reshape(Transpose(attended, 0, 2, 1, 3), x.Shape[0], x.Shape[1], Gpt2.Width));
        return x + _down.Forward(GeluTanh(_up.Forward(_mlpNorm.Forward(x))));
    }

    /// <summary>One token on top of what is cached.</summary>
    [StaticGraph]
    public Tensor Decode(Tensor x, Tensor keys, Tensor values)
    {
        var y = _attentionNorm.Forward(x);
        var (allKeys, allValues) = (Concat([keys, Split(_key.Forward(y))], 2), Concat([values, Split(_value.Forward(y))], 2));
        var attended = Attention(Split(_query.Forward(y)), allKeys, allValues);
        x = x + _output.Forward(Reshape(Transpose(attended, 0, 2, 1, 3), 1, 1, Gpt2.Width));
        return x + _down.Forward(GeluTanh(_up.Forward(_mlpNorm.Forward(x))));
    }

    /// <summary>One token on top of what the caches hold before the position.</summary>
    [StaticGraph]
    public Tensor Continue(Tensor x, Tensor position)
    {
        var y = _attentionNorm.Forward(x);
        _keys.Assign(UpdateSlice(_keys, Cast(Split(_key.Forward(y)), _cacheType), position, 2));
        _values.Assign(UpdateSlice(_values, Cast(Split(_value.Forward(y)), _cacheType), position, 2));
        var attended = Attention(Split(_query.Forward(y)), _keys, _values, length: position + 1);
        x = x + _output.Forward(Reshape(Transpose(attended, 0, 2, 1, 3), 1, 1, Gpt2.Width));
        return x + _down.Forward(GeluTanh(_up.Forward(_mlpNorm.Forward(x))));
    }

    internal void Remember(Tensor keys, Tensor values, int context)
    {
        Tensor WithRoom(Tensor x) => Concat([x, Tensor.Zeros([1, Gpt2.Heads, context - x.Shape[2], Gpt2.Width / Gpt2.Heads], x.DType)], 2).Contiguous();
        (_keys, _values, _cacheType) = (WithRoom(keys), WithRoom(values), keys.DType);
    }

    [StaticGraph]
    private Tensor Split(Tensor x) => Transpose(Reshape(x, x.Shape[0], x.Shape[1], Gpt2.Heads, Gpt2.Width / Gpt2.Heads), 0, 2, 1, 3);
}
