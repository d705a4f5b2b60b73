namespace Unified.Nn;

/// <summary>The share of targets [...] that are among the k highest scores [..., classes]; of equal scores the lower class counts as higher.</summary>
public sealed class Accuracy(int k = 1) : MeanMetric
{
    public override void Update(Tensor predictions, Tensor targets)
    {
        var (rows, classes) = Rows(predictions, targets);
        Add(rows.Zip(classes).Count(p => Rank(p.First, p.Second) < k), classes.Length);
    }

    private static int Rank(double[] row, int target) => row.Where((v, c) => v > row[target] || (v == row[target] && c < target)).Count();
}

/// <summary>exp of the mean cross entropy of logits [..., classes], in nats.</summary>
public sealed class Perplexity : MeanMetric
{
    public override void Update(Tensor predictions, Tensor targets)
    {
        var (rows, classes) = Rows(predictions, targets);
        Add(rows.Zip(classes, (r, c) => r.Max() is var top ? top + Math.Log(r.Sum(v => Math.Exp(v - top))) - r[c] : 0).Sum(), classes.Length);
    }

    private protected override double Finish(double mean) => Math.Exp(mean);
}

/// <summary>How often each class was taken for each other one. Its value is the accuracy.</summary>
public sealed class ConfusionMatrix : Metric
{
    private readonly long[,] _counts;

    public ConfusionMatrix(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        _counts = new long[classes, classes];
    }

    public int ClassCount => _counts.GetLength(0);

    public override double Value => (double)Classes().Sum(c => _counts[c, c]) / Total;

    private long Total => Classes().Sum(t => Classes().Sum(p => _counts[t, p]));

    /// <summary>How often the class <paramref name="target"/> was taken for <paramref name="prediction"/>.</summary>
    public long this[int target, int prediction] => _counts[target, prediction];

    public override void Update(Tensor predictions, Tensor targets)
    {
        var (rows, classes) = Rows(predictions, targets);
        for (var i = 0; i < classes.Length; i++)
        {
            _counts[classes[i], Array.IndexOf(rows[i], rows[i].Max())]++;
        }
    }

    public override void Reset() => Array.Clear(_counts);

    /// <summary>Of what was taken for the class, the share that was it; 0 where nothing was.</summary>
    public double Precision(int label) => Share(_counts[label, label], Classes().Sum(t => _counts[t, label]));

    /// <summary>Of what was the class, the share that was taken for it; 0 where nothing was.</summary>
    public double Recall(int label) => Share(_counts[label, label], Classes().Sum(p => _counts[label, p]));

    /// <summary>The harmonic mean of precision and recall; with beta, recall counts beta² times as much.</summary>
    public double F(int label, double beta = 1)
    {
        var (precision, recall) = (Precision(label), Recall(label));
        return precision + recall == 0 ? 0 : (1 + (beta * beta)) * precision * recall / ((beta * beta * precision) + recall);
    }

    /// <summary>The mean of <see cref="F"/> over all classes.</summary>
    public double MacroF(double beta = 1) => Classes().Average(c => F(c, beta));

    private IEnumerable<int> Classes() => Enumerable.Range(0, ClassCount);

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}

/// <summary>
/// The area under the curve of true over false positives: the probability that a positive's score is above a negative's, a tie counting half (Mann and
/// Whitney, 1947). Targets are 0 or 1.
/// </summary>
public sealed class AreaUnderCurve : Metric
{
    private readonly List<(double Score, bool IsPositive)> _seen = [];

    public override double Value
    {
        get
        {
            double positives = _seen.Count(s => s.IsPositive), negatives = _seen.Count - positives;
            double wins = 0, below = 0;
            foreach (var tied in _seen.GroupBy(s => s.Score).OrderBy(g => g.Key))
            {
                double up = tied.Count(s => s.IsPositive), down = tied.Count() - up;
                wins += up * (below + (down / 2));
                below += down;
            }

            return wins / (positives * negatives);
        }
    }

    public override void Update(Tensor predictions, Tensor targets)
    {
        var (x, t) = Pairs(predictions, targets);
        _seen.AddRange(x.Zip(t, (score, target) => (score, target > 0.5)));
    }

    public override void Reset() => _seen.Clear();
}
