using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Unified.Benchmarks.Torch;

/// <summary>GPT-2 small, as in ../Models/Gpt2.cs; one product for queries, keys and values, as its authors have it.</summary>
internal sealed class TorchGpt2 : nn.Module<Tensor, Tensor>
{
    public const int Vocabulary = 50257, Width = 768, Heads = 12;

    private readonly Embedding _tokens = nn.Embedding(Vocabulary, Width);
    private readonly Embedding _positions = nn.Embedding(1024, Width);
    private readonly ModuleList<TorchGpt2Block> _blocks = nn.ModuleList(Enumerable.Range(0, 12).Select(_ => new TorchGpt2Block()).ToArray());
    private readonly LayerNorm _norm = nn.LayerNorm(Width);

    public TorchGpt2()
        : base("gpt2") => RegisterComponents();

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
    private readonly LayerNorm _attentionNorm = nn.LayerNorm(TorchGpt2.Width), _mlpNorm = nn.LayerNorm(TorchGpt2.Width);
    private readonly Linear _projections = nn.Linear(TorchGpt2.Width, 3 * TorchGpt2.Width), _output = nn.Linear(TorchGpt2.Width, TorchGpt2.Width);
    private readonly Linear _up = nn.Linear(TorchGpt2.Width, 4 * TorchGpt2.Width), _down = nn.Linear(4 * TorchGpt2.Width, TorchGpt2.Width);

    public TorchGpt2Block()
        : base("block") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        var (batch, time) = (x.shape[0], x.shape[1]);
        var parts = _projections.forward(_attentionNorm.forward(x)).chunk(3, -1);
        Tensor Split(Tensor t) => t.view(batch, time, TorchGpt2.Heads, -1).transpose(1, 2);
        var attended = nn.functional.scaled_dot_product_attention(Split(parts[0]), Split(parts[1]), Split(parts[2]), is_casual: true);
        x = x + _output.forward(attended.transpose(1, 2).reshape(batch, time, TorchGpt2.Width));

        // The tanh form of GELU has no name in TorchSharp; the erf form costs libtorch no more.
        return x + _down.forward(nn.functional.gelu(_up.forward(_mlpNorm.forward(x))));
    }
}
