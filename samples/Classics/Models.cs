using Unified;
using Unified.Nn;
using static Unified.Ops;

namespace Classics;

/// <summary>Any layer that gives scores of classes, with its optimizer. The whole step is one graph.</summary>
public sealed partial class Classifier : Module
{
    private readonly Layer _body;
    private readonly Optimizer _optimizer;

    public Classifier(Layer body, Optimizer optimizer) => (_body, _optimizer) = (body, optimizer);

    [StaticGraph]
    public Tensor Forward(Tensor x) => _body.Forward(x);

    [StaticGraph]
    public Tensor Step(Tensor x, Tensor labels)
    {
        var (loss, gradients) = ValueAndGrad(() => Loss.CrossEntropy(_body.Forward(x), labels, smoothing: 0.05f), _body.Parameters);
        _optimizer.Step(gradients);
        return loss;
    }
}

/// <summary>Two convolutions beside a shortcut (He et al., 2016).</summary>
public sealed partial class ResidualBlock : Layer
{
    private readonly Sequential _body;
    private readonly Layer _shortcut;

    public ResidualBlock(int inputs, int outputs, int stride = 1)
    {
        _body = new Sequential(
            new Conv2d(inputs, outputs, 3, stride, padding: 1, bias: false), new BatchNorm2d(outputs), new Relu(),
            new Conv2d(outputs, outputs, 3, padding: 1, bias: false), new BatchNorm2d(outputs));
        _shortcut = inputs == outputs && stride == 1 ? new Identity() : new Conv2d(inputs, outputs, 1, stride, bias: false);
    }

    [StaticGraph]
    public override Tensor Forward(Tensor x) => Relu(_body.Forward(x) + _shortcut.Forward(x));
}

/// <summary>Scores from the last state of an LSTM over letters: [B, T] gives [B, 2].</summary>
public sealed partial class WordReader : Layer
{
    private readonly Embedding _letters = new(Words.Letters, 8);
    private readonly Lstm _lstm = new(8, 24);
    private readonly Linear _head = new(24, 2);

    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var (states, _) = _lstm.Run(_letters.Forward(x), null);
        return _head.Forward(states[.., states.Shape[1] - 1, ..]);
    }
}

/// <summary>A variational autoencoder (Kingma and Welling, 2014): images to a normal distribution over codes, and codes back to images.</summary>
public sealed partial class Autoencoder : Module
{
    private const int Codes = 4;

    private readonly Sequential _encoder = new(new Flatten(), new Linear(Shapes.Size * Shapes.Size, 64), new Silu(), new Linear(64, 2 * Codes));
    private readonly Sequential _decoder = new(new Linear(Codes, 64), new Silu(), new Linear(64, Shapes.Size * Shapes.Size));
    private readonly Optimizer _optimizer;

    public Autoencoder(LearningRateSchedule schedule) => _optimizer = new Adam(Parameters, schedule);

    /// <summary>Of the stream that codes are drawn with: i64[2].</summary>
    public Tensor State { get; } = Generator.Default.Split().State;

    [StaticGraph]
    public Tensor Step(Tensor images)
    {
        var (loss, gradients) = ValueAndGrad(() => Bound(images), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }

    /// <summary>Images of codes [B, 4], pixels in 0 to 1.</summary>
    [StaticGraph]
    public Tensor Decode(Tensor codes) => Reshape(Sigmoid(_decoder.Forward(codes)), codes.Shape[0], 1, Shapes.Size, Shapes.Size);

    /// <summary>What an image is taken for and given back as, by its mean code.</summary>
    [StaticGraph]
    public Tensor Rebuild(Tensor images) => Decode(_encoder.Forward(images)[.., ..Codes]);

    /// <summary>The evidence lower bound, negative, per image: what the rebuilt image costs, and how far codes are from the standard normal distribution.</summary>
    [StaticGraph]
    private Tensor Bound(Tensor images)
    {
        var code = _encoder.Forward(images);
        var (mean, logVariance) = (code[.., ..Codes], code[.., Codes..]);
        var drawn = mean + (Exp(logVariance * 0.5f) * Draw(mean));
        var costs = Loss.BinaryCrossEntropyWithLogits(_decoder.Forward(drawn), Flatten(images, 1), reduction: Reduction.Sum);
        var distance = Sum(Square(mean) + Exp(logVariance) - logVariance - 1f) * 0.5f;
        return (costs + distance) / images.Shape[0];
    }

    /// <summary>Standard normal numbers by Box and Muller, of a tensor's shape.</summary>
    [StaticGraph]
    private Tensor Draw(Tensor like)
    {
        var radius = RandomUniform(State, like.Shape);
        State.Assign(RandomAdvance(State, like.Shape));
        var angle = RandomUniform(State, like.Shape);
        State.Assign(RandomAdvance(State, like.Shape));
        return Sqrt(Log(1f - radius) * -2f) * Cos(angle * (2 * MathF.PI));
    }
}
