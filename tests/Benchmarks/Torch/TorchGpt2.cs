using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Unified.Benchmarks.Torch;

/// <summary>GPT-2 small, as in ../Models/Gpt2.cs; one product for queries, keys and values, as its authors have it.</summary>
internal sealed class TorchGpt2 : nn.Module<Tensor, Tensor>
{
    public const int Vocabulary = 50257, Width = 768;

    private readonly Embedding _tokens;
    private readonly Embedding _positions;
    private readonly ModuleList<TorchGpt2Block> _blocks;
    private readonly LayerNorm _norm;

    public TorchGpt2(int vocabulary = Vocabulary, int width = Width, int heads = 12, int layers = 12)
        : base("gpt2")
    {
        _tokens = nn.Embedding(vocabulary, width);
        _positions = nn.Embedding(1024, width);
        _blocks = nn.ModuleList(Enumerable.Range(0, layers).Select(_ => new TorchGpt2Block(width, heads)).ToArray());
        _norm = nn.LayerNorm(width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor tokens) => nn.functional.linear(Hidden(tokens), _tokens.weight!);

    public Tensor Last(Tensor tokens) => nn.functional.linear(Hidden(tokens)[TensorIndex.Ellipsis, -1, TensorIndex.Colon], _tokens.weight!);

    private Tensor Hidden(Tensor tokens)
    {
        var x = _tokens.forward(tokens) + _positions.forward(arange(tokens.shape[1]));
        foreach (var block in _blocks)
        {
            x = block.forward(x);
        }

        return _norm.forward(x);
    }
}

internal sealed class TorchGpt2Block : nn.Module<Tensor, Tensor>
{
    private readonly int _heads;
    private readonly LayerNorm _attentionNorm, _mlpNorm;
    private readonly Linear _projections, _output, _up, _down;

    public TorchGpt2Block(int width, int heads)
        : base("block")
    {
        _heads = heads;
        (_attentionNorm, _mlpNorm) = (nn.LayerNorm(width), nn.LayerNorm(width));
        (_projections, _output) = (nn.Linear(width, 3 * width), nn.Linear(width, width));
        (_up, _down) = (nn.Linear(width, 4 * width), nn.Linear(4 * width, width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        var (batch, time) = (x.shape[0], x.shape[1]);
        var parts = _projections.forward(_attentionNorm.forward(x)).chunk(3, -1);
        Tensor Split(Tensor t) => t.view(batch, time, _heads, -1).transpose(1, 2);
        var attended = nn.functional.scaled_dot_product_attention(Split(parts[0]), Split(parts[1]), Split(parts[2]), is_casual: true);
        x = x + _output.forward(attended.transpose(1, 2).reshape(batch, time, -1));

        // The tanh form of GELU has no name in TorchSharp; the erf form costs libtorch no more.
        return x + _down.forward(nn.functional.gelu(_up.forward(_mlpNorm.forward(x))));
    }
}
