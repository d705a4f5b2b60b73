using System.Diagnostics;
using Unified;
using Unified.Nn;
using Unified.Ir;

namespace TextGpt;

/// <summary>A model, its optimizer and its batches; steps in a given mode.</summary>
public sealed class TrainingSession
{
    private readonly int[] _bytes;
    private readonly int[] _targets;
    private readonly TextData _data;
    private readonly ExecutionMode _mode;
    private readonly PrecisionPolicy _precision;

    public TrainingSession(RunOptions options, TextData data, ExecutionMode mode)
    {
        Generator.Default.Seed(options.Seed);
        Options = options;
        _data = data;
        _mode = mode;
        _precision = options.Policy();
        var model = new Gpt(options.Size);
        Trainer = new Trainer(model, new AdamW(
            model.Parameters, new WarmupCosineSchedule(options.LearningRate, options.LearningRate / 10, options.Warmup, options.Steps)));
        _bytes = new int[options.Batch * options.Context];
        _targets = new int[options.Batch * options.Context];
        Bytes = Tensor.Zeros([options.Batch, options.Context], DType.I32);
        Targets = Tensor.Zeros([options.Batch, options.Context], DType.I32);
    }

    public RunOptions Options { get; }

    public Trainer Trainer { get; }

    public Tensor Bytes { get; }

    public Tensor Targets { get; }

    public int TokensPerStep => _bytes.Length;

    /// <summary>The time of the last step, without filling the batch.</summary>
    public double LastMilliseconds { get; private set; }

    /// <summary>Managed bytes that the last step allocated on this thread.</summary>
    public long LastManagedBytes { get; private set; }

    public void Fill(long step, bool held = false)
    {
        _data.Fill(_bytes, _targets, Options.Batch, Options.Context, Options.Seed, step, held);
        Bytes.CopyFrom<int>(_bytes);
        Targets.CopyFrom<int>(_targets);
    }

    /// <summary>One training step on the batch of this number.</summary>
    /// <returns>The loss before the step.</returns>
    public float Step(long step)
    {
        Fill(step);
        using (Execution.Use(_mode))
        using (MixedPrecision.Use(_precision))
        using (_mode == ExecutionMode.Eager ? new TensorScope() : null)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            Trainer.Step(Bytes, Targets);
            LastMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            LastManagedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return Trainer.Loss.Item<float>();
    }

    /// <summary>The mean loss over some batches of text that was held back from training.</summary>
    public double HeldLoss(int batches)
    {
        Trainer.Evaluate();
        double sum = 0;
        using (Execution.Use(_mode))
        using (MixedPrecision.Use(_precision))
        using (Ops.NoGrad())
        {
            for (var i = 0; i < batches; i++)
            {
                Fill(i, held: true);
                using var loss = Trainer.Evaluate(Bytes, Targets);
                sum += loss.Item<float>();
            }
        }

        Trainer.Train();
        return sum / batches;
    }
}
