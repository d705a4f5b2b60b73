using Unified;
using Unified.Ir;
using Unified.Nn;

namespace TextGpt;

/// <summary>The graphs that a build with <c>-p:UnifiedLower=true</c> compiles ahead: those of a run with the default options.</summary>
public static class Graphs
{
    [AheadOfTime]
    public static void Compile(GraphSet graphs)
    {
        using var unused = Initialize.LeaveOut();
        var options = new RunOptions();
        var model = new Gpt(options.Size);
        var trainer = new Trainer(model, new AdamW(
            model.Parameters, new WarmupCosineSchedule(options.LearningRate, options.LearningRate / 10, options.Warmup, options.Steps)));
        var bytes = Tensor.Zeros([1, 1], DType.I32);
        graphs.Add(() => trainer.Step(bytes, bytes));
        trainer.Evaluate();
        graphs.Add(() => trainer.Evaluate(bytes, bytes)).Add(() => model.Forward(bytes));
    }
}
