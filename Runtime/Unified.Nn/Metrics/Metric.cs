namespace Unified.Nn;

/// <summary>A number that says how well a model does, gathered over batches on the host.</summary>
public abstract class Metric
{
    /// <summary>The value over all since the last <see cref="Reset"/>; NaN before the first.</summary>
    public abstract double Value { get; }

    /// <summary>Takes in what the model said for a batch, and what it should have.</summary>
    public abstract void Update(Tensor predictions, Tensor targets);

    public abstract void Reset();

    private protected static double[] Numbers(Tensor x)
    {
        using var wide = Ops.Cast(x, Ir.DType.F64);
        return wide.ToArray<double>();
    }

    private protected static int[] Classes(Tensor x)
    {
        using var whole = Ops.Cast(x, Ir.DType.I32);
        return whole.ToArray<int>();
    }

    private protected static (double[] X, double[] T) Pairs(Tensor predictions, Tensor targets) => predictions.Shape == targets.Shape
        ? (Numbers(predictions), Numbers(targets))
        : throw new ArgumentException($"predictions of shape {predictions.Shape} and targets of shape {targets.Shape} do not go together", nameof(targets));

    /// <summary>Scores [..., classes] and targets [...] as rows.</summary>
    private protected static (double[][] Rows, int[] Targets) Rows(Tensor scores, Tensor targets)
    {
        if (scores.Rank == 0 || scores.Size / Math.Max(1, scores.Shape[^1]) != targets.Size)
        {
            throw new ArgumentException($"scores of shape {scores.Shape} are no [..., classes] for targets of shape {targets.Shape}", nameof(scores));
        }

        return ([.. Numbers(scores).Chunk(Math.Max(1, scores.Shape[^1]))], Classes(targets));
    }
}

/// <summary>A metric that is a mean.</summary>
public abstract class MeanMetric : Metric
{
    private double _sum;
    private double _count;

    public override double Value => Finish(_sum / _count);

    public override void Reset() => (_sum, _count) = (0, 0);

    private protected virtual double Finish(double mean) => mean;

    private protected void Add(double sum, double count) => (_sum, _count) = (_sum + sum, _count + count);
}
