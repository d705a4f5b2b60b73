namespace Unified.Nn;

/// <summary>The mean of |x − t|.</summary>
public sealed class MeanAbsoluteError : MeanMetric
{
    public override void Update(Tensor predictions, Tensor targets)
    {
        var (x, t) = Pairs(predictions, targets);
        Add(x.Zip(t, (a, b) => Math.Abs(a - b)).Sum(), x.Length);
    }
}

/// <summary>The mean of (x − t)², or its root.</summary>
public sealed class MeanSquaredError(bool root = false) : MeanMetric
{
    public override void Update(Tensor predictions, Tensor targets)
    {
        var (x, t) = Pairs(predictions, targets);
        Add(x.Zip(t, (a, b) => (a - b) * (a - b)).Sum(), x.Length);
    }

    private protected override double Finish(double mean) => root ? Math.Sqrt(mean) : mean;
}

/// <summary>R²: 1 − Σ(x − t)²/Σ(t − mean of t)².</summary>
public sealed class RSquared : Metric
{
    private double _count;
    private double _mean;
    private double _spread;
    private double _errors;

    public override double Value => _count == 0 ? double.NaN : 1 - (_errors / _spread);

    public override void Update(Tensor predictions, Tensor targets)
    {
        var (x, t) = Pairs(predictions, targets);
        for (var i = 0; i < t.Length; i++)
        {
            // Welford's update: no difference of large sums.
            _count++;
            var away = t[i] - _mean;
            _mean += away / _count;
            _spread += away * (t[i] - _mean);
            _errors += (x[i] - t[i]) * (x[i] - t[i]);
        }
    }

    public override void Reset() => (_count, _mean, _spread, _errors) = (0, 0, 0, 0);
}

/// <summary>The mean of single numbers, such as a loss weighed by the size of its batch.</summary>
public sealed class MeanValue : MeanMetric
{
    /// <summary>Takes in a mean and the number it is over.</summary>
    public void Update(double mean, double count = 1) => Add(mean * count, count);

    /// <summary>Takes in all elements of the first tensor.</summary>
    public override void Update(Tensor predictions, Tensor targets) => Add(Numbers(predictions).Sum(), predictions.Size);
}
