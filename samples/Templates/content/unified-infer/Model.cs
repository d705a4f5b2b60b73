using Unified;
using Unified.Nn;
using static Unified.Ops;

namespace UnifiedInference;

/// <summary>Which of two spirals a point lies on: the model that the training template trains.</summary>
public sealed partial class Model(int hidden) : Module
{
    private readonly Linear _first = new(2, hidden);
    private readonly Linear _second = new(hidden, hidden);
    private readonly Linear _last = new(hidden, 2);

    /// <summary>[B, 2] gives scores [B, 2].</summary>
    [StaticGraph]
    public Tensor Forward([Shape("B", 2)] Tensor points) => _last.Forward(Silu(_second.Forward(Silu(_first.Forward(points)))));
}
