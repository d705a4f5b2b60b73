using Unified;
using Unified.Ir;
using Unified.Nn;

namespace UnifiedTraining;

/// <summary>The graphs that a Release build compiles, so that the first step starts at once.</summary>
public static class Graphs
{
    public const int Hidden = 64;

    [AheadOfTime]
    public static void Compile(GraphSet graphs)
    {
        var model = new Model(Hidden);
        var optimizer = new AdamW(model.Parameters, new CosineSchedule(0.01, 0.0005, 400));
        graphs.Add(() => model.TrainStep(Tensor.Zeros([1, 2]), Tensor.Zeros([1], DType.I64), optimizer));
        model.Evaluate();
        graphs.Add(() => model.Forward(Tensor.Zeros([1, 2])));
    }
}
