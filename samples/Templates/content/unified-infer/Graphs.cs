using Unified;

namespace UnifiedInference;

/// <summary>The graphs that a Release build compiles: the app ships without a compiler.</summary>
public static class Graphs
{
    public const int Hidden = 64;

    [AheadOfTime]
    public static void Compile(GraphSet graphs)
    {
        var model = new Model(Hidden);
        model.Evaluate();
        graphs.Add(() => model.Forward(Tensor.Zeros([1, 2])));
    }
}
