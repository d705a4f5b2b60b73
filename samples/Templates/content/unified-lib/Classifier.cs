using Unified;
using Unified.Nn;
using static Unified.Ops;

namespace UnifiedLibrary;

/// <summary>Scores of classes for vectors. In a Debug build every line can be stepped through; in a Release build calls run as one compiled graph.</summary>
public sealed partial class Classifier(int inputs, int hidden, int classes) : Module
{
    private readonly Linear _up = new(inputs, hidden);
    private readonly Linear _down = new(hidden, classes);

    /// <summary>[B, inputs] gives [B, classes]. One compilation serves every B.</summary>
    [StaticGraph]
    public Tensor Forward([Shape("B", "inputs")] Tensor x) => _down.Forward(Gelu(_up.Forward(x)));
}
