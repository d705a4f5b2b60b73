using Unified;
using Unified.Nn;
using static Unified.Ops;

namespace UnifiedTraining;

/// <summary>Which of two spirals a point lies on.</summary>
public sealed partial class Model(int hidden) : Module
{
    private readonly Linear _first = new(2, hidden);
    private readonly Linear _second = new(hidden, hidden);
    private readonly Linear _last = new(hidden, 2);

    /// <summary>[B, 2] gives scores [B, 2].</summary>
    [StaticGraph]
    public Tensor Forward([Shape("B", 2)] Tensor points) => _last.Forward(Silu(_second.Forward(Silu(_first.Forward(points)))));

    /// <summary>Forward, backward and the optimizer's update: in a Release build one graph.</summary>
    [StaticGraph]
    public Tensor TrainStep([Shape("B", 2)] Tensor points, [Shape("B")] Tensor labels, Optimizer optimizer)
    {
        var (loss, gradients) = ValueAndGrad(() => Loss.CrossEntropy(Forward(points), labels), Parameters);
        optimizer.Step(gradients);
        return loss;
    }
}
