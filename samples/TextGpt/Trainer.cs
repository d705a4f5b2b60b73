using Unified;
using Unified.Nn;
using static Unified.Ops;

namespace TextGpt;

/// <summary>A model with its optimizer. The whole step is one graph.</summary>
public sealed partial class Trainer : Module
{
    private readonly Gpt _model;
    private readonly AdamW _optimizer;

    public Trainer(Gpt model, AdamW optimizer)
    {
        _model = model;
        _optimizer = optimizer;
    }

    public Gpt Model => _model;

    public AdamW Optimizer => _optimizer;

    /// <summary>The mean cross entropy of the last step's batch: f32 rank 0.</summary>
    [NotState]
    public Tensor Loss { get; } = Tensor.Scalar(0f);

    /// <summary>Forward, backward, clip and AdamW in place.</summary>
    [StaticGraph]
    public void Step([Shape("B", "T")] Tensor bytes, [Shape("B", "T")] Tensor targets)
    {
        var (loss, gradients) = ValueAndGrad(() => CrossEntropy(_model.Forward(bytes), targets), _model.Parameters);
        _optimizer.Step(gradients);
        Loss.Assign(loss);
    }

    /// <summary>The loss and the gradient of each parameter, without a change.</summary>
    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Gradients([Shape("B", "T")] Tensor bytes, [Shape("B", "T")] Tensor targets) =>
        ValueAndGrad(() => CrossEntropy(_model.Forward(bytes), targets), _model.Parameters);

    /// <summary>The loss alone.</summary>
    [StaticGraph]
    public Tensor Evaluate([Shape("B", "T")] Tensor bytes, [Shape("B", "T")] Tensor targets) =>
        CrossEntropy(_model.Forward(bytes), targets);
}
