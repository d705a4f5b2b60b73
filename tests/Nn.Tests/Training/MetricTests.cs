using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Metrics by hand, and over batches as over all at once.</summary>
public class MetricTests
{
    private static readonly Tensor s_scores = Tensor.From<float>([0.1f, 0.7f, 0.2f, 0.5f, 0.3f, 0.2f, 0.2f, 0.3f, 0.5f, 0.4f, 0.4f, 0.2f], 4, 3);
    private static readonly Tensor s_targets = Tensor.From<int>([1, 1, 2, 1], 4);

    [Fact]
    public void Accuracy_counts_the_highest_scores()
    {
        Assert.Equal(0.5, Of(new Accuracy(), s_scores, s_targets));
        Assert.Equal(1, Of(new Accuracy(2), s_scores, s_targets));
        Assert.True(double.IsNaN(new Accuracy().Value));
        Assert.Contains("[4,3]", Assert.Throws<ArgumentException>(() => new Accuracy().Update(s_scores, Tensor.From<int>([1], 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_confusion_matrix_knows_precision_and_recall()
    {
        var matrix = new ConfusionMatrix(3);
        Of(matrix, s_scores, s_targets);
        Assert.Equal((1, 2, 1, 0), (matrix[1, 1], matrix[1, 0], matrix[2, 2], matrix[0, 0]));
        Assert.Equal(0.5, matrix.Value);
        Assert.Equal((0, 1, 1), (matrix.Precision(0), matrix.Precision(1), matrix.Precision(2)));
        Assert.Equal((0, 1 / 3.0, 1), (matrix.Recall(0), matrix.Recall(1), matrix.Recall(2)));
        Assert.Equal(0.5, matrix.F(1));
        Assert.Equal(5 * (1 / 3.0) / (4 + (1 / 3.0)), matrix.F(1, beta: 2), 12);
        Assert.Equal(0.5, matrix.MacroF(), 12);
    }

    [Fact]
    public void The_area_under_the_curve_is_the_share_of_pairs_in_order()
    {
        float[] scores = [0.1f, 0.4f, 0.35f, 0.8f, 0.4f, 0.9f];
        int[] labels = [0, 0, 1, 1, 1, 0];
        var pairs = from p in Enumerable.Range(0, 6) where labels[p] == 1 from n in Enumerable.Range(0, 6) where labels[n] == 0 select scores[p] > scores[n] ? 1 : scores[p] == scores[n] ? 0.5 : 0;
        Assert.Equal(pairs.Average(), Of(new AreaUnderCurve(), Tensor.From<float>(scores, 6), Tensor.From<int>(labels, 6)), 12);
    }

    [Fact]
    public void Regression_metrics_are_their_formulas()
    {
        double[] x = [1, 2, 4, 3], t = [1.5, 2, 3, 5];
        var (a, b) = (Tensor.From<double>(x, 4), Tensor.From<double>(t, 4));
        Assert.Equal(3.5 / 4, Of(new MeanAbsoluteError(), a, b), 12);
        Assert.Equal(5.25 / 4, Of(new MeanSquaredError(), a, b), 12);
        Assert.Equal(Math.Sqrt(5.25 / 4), Of(new MeanSquaredError(root: true), a, b), 12);
        Assert.Equal(1 - (5.25 / t.Sum(v => (v - t.Average()) * (v - t.Average()))), Of(new RSquared(), a, b), 12);
        Assert.Throws<ArgumentException>(() => new RSquared().Update(a, a[..3]));
    }

    [Fact]
    public void Perplexity_is_that_of_the_cross_entropy()
    {
        using (Execution.Use(ExecutionMode.Eager))
        {
            Assert.Equal(Math.Exp(Ops.CrossEntropy(s_scores, s_targets).Item<float>()), Of(new Perplexity(), s_scores, s_targets), 1e-6);
        }
    }

    /// <summary>The example of the paper: "the" seven times shares two of seven words with its reference.</summary>
    [Fact]
    public void Bleu_is_as_in_the_paper()
    {
        string[] Words(string text) => text.Split(' ');
        var one = new Bleu(1);
        one.Update(Words("the the the the the the the"), Words("the cat is on the mat"));
        Assert.Equal(2 / 7.0, one.Value, 12);
        var four = new Bleu();
        four.Update(Words("the cat sat on the mat"), Words("the cat sat on the mat today"));
        Assert.Equal(Math.Exp(1 - (7 / 6.0)), four.Value, 12);
        four.Update(Words("a dog"), Words("a dog"));
        Assert.InRange(four.Value, 0.85, 0.9);
    }

    // In two batches.
    private static double Of(Metric metric, Tensor x, Tensor t)
    {
        metric.Update(x, t);
        metric.Reset();
        metric.Update(x[..1].Contiguous(), t[..1].Contiguous());
        metric.Update(x[1..].Contiguous(), t[1..].Contiguous());
        return metric.Value;
    }
}
