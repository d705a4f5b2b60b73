namespace Unified.Generators.Tests.Capture;

/// <summary>Whole functions, as text, for the models that everything else is built like.</summary>
public class CaptureGoldenTests
{
    private const string Mlp = """
        public sealed partial class Mlp(int hidden) : Module
        {
            private readonly Linear _up = new(784, hidden), _down = new(hidden, 10);

            [StaticGraph]
            public Tensor Forward([Shape("B", 784)] Tensor x) => _down.Forward(Gelu(_up.Forward(x)));

            [StaticGraph]
            public Tensor TrainStep(Tensor x, Tensor labels, Optimizer optimizer)
            {
                var (loss, grads) = ValueAndGrad(() => CrossEntropy(Forward(x), labels), Parameters);
                optimizer.Step(grads);
                return loss;
            }
        }
        """;

    private const string Transformer = """
        public sealed partial class Block(int width, int heads) : Module
        {
            private readonly Linear _query = new(width, width), _output = new(width, width);
            private readonly Parameter _scale = new(), _bias = new();

            [StaticGraph]
            public Tensor Forward(Tensor x)
            {
                var (batch, time) = (x.Shape[0], x.Shape[1]);
                var q = Transpose(Reshape(_query.Forward(x), batch, time, heads, width / heads), 0, 2, 1, 3);
                var scores = Softmax(MatMul(q, q, transposeB: true) * (1f / MathF.Sqrt(width / heads)));
                return x + _output.Forward(MatMul(scores, q).Reshape(batch, time, width));
            }
        }

        public sealed partial class Gpt(int depth, int width) : Module
        {
            private readonly List<Block> _blocks = [.. Enumerable.Range(0, depth).Select(_ => new Block(width, 4))];
            private readonly Parameter _scale = new(), _bias = new();

            [StaticGraph]
            public Tensor Forward([Shape("B", "T", null)] Tensor x)
            {
                foreach (var block in _blocks)
                {
                    x = block.Forward(x);
                }

                if (Training)
                {
                    return x;
                }

                return LayerNorm(x, _scale, _bias, epsilon: 1e-6f)[.., ^1];
            }
        }
        """;

    [Fact]
    public void Mlp_forward() => GoldenFile.Matches(Captures.Of(Mlp).Text(), "MlpForward.txt");

    [Fact]
    public void Mlp_train_step() => GoldenFile.Matches(Captures.Of(Mlp, "TrainStep").Text(), "MlpTrainStep.txt");

    [Fact]
    public void Linear_with_optional_bias() => GoldenFile.Matches(
        Captures.Of("""
            public sealed partial class Affine(int outputs, bool biased) : Module
            {
                private readonly Parameter _weight = new();
                private readonly Parameter? _bias = biased ? new() : null;

                public int Outputs => outputs;

                [StaticGraph]
                [return: Shape("B", "?")]
                public Tensor Forward([Shape("B", "?")] Tensor x)
                {
                    var y = Linear(x, _weight, _bias);
                    return _bias is null ? y : y + _bias;
                }
            }
            """).Text(),
        "LinearForward.txt");

    [Fact]
    public void Attention_block() => GoldenFile.Matches(Captures.Of(Transformer.Split("public sealed partial class Gpt")[0]).Text(), "BlockForward.txt");

    [Fact]
    public void Blocks_in_a_list() => GoldenFile.Matches(Captures.Of(Transformer).Text(), "GptForward.txt");

    [Fact]
    public void State_and_control_flow() => GoldenFile.Matches(
        Captures.Of("""
            public sealed partial class Cell : Module
            {
                private readonly Parameter _weight = new();
                private readonly Tensor _count = new();
                private Tensor? _state;

                [StaticGraph]
                public (Tensor Last, Tensor[] All) Forward(Tensor x, int steps, Tensor? mask = null)
                {
                    if (steps < 1)
                    {
                        throw new ArgumentException($"{steps} steps over {x.Shape[0] / 2} rows");
                    }

                    var y = x;
                    for (var i = 0; i < steps; i++)
                    {
                        if (i == 3 || mask is null && i > x.Rank)
                        {
                            continue;
                        }

                        y += MatMul(y, _weight) * (i % 2 == 0 ? 0.5f : 1f);
                    }

                    _count.Assign(_count + 1f);
                    _state = y;
                    return (y, [x, _state]);
                }
            }
            """).Text(),
        "CellForward.txt");
}
