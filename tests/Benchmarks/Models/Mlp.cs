using Unified.Nn;
using static Unified.Ops;

namespace Unified.Benchmarks.Models;

/// <summary>784-512-512-10 with ReLU, and its training step with Adam.</summary>
public sealed partial class Mlp : Module
{
    private readonly Linear _first = new(784, 512, generator: new Generator(1)), _second = new(512, 512, generator: new Generator(2)), _third = new(512, 10, generator: new Generator(3));
    private readonly AdamW _optimizer;

    public Mlp() => _optimizer = new AdamW(Parameters, new ConstantSchedule(1e-3)) { Beta2 = 0.999f, WeightDecay = 0, ClipNorm = 0 };

    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => _third.Forward(Relu(_second.Forward(Relu(_first.Forward(x)))));

    [StaticGraph]
    public Tensor Step([Shape("B", 784)] Tensor x, [Shape("B")] Tensor labels)
    {
        var (loss, gradients) = ValueAndGrad(() => CrossEntropy(Forward(x), labels), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }
}
