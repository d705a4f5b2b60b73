using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Losses are what their formulas say in double precision, in both modes, and so are their gradients by differences.</summary>
[Collection("graphs")]
public class LossTests
{
    private const Reduction Mean = Reduction.Mean;

    private static readonly Dictionary<string, (Func<Tensor, Tensor, Reduction, Tensor> Run, Func<double, double, double> Formula, Func<double, double, (double X, double T)> Draw)> s_losses = new()
    {
        ["mean squared"] = ((x, t, r) => Loss.MeanSquared(x, t, r), (x, t) => (x - t) * (x - t), (a, b) => (a, b + 2)),
        ["mean absolute"] = ((x, t, r) => Loss.MeanAbsolute(x, t, r), (x, t) => Math.Abs(x - t), (a, b) => (a, b + 5)),
        ["huber"] = ((x, t, r) => Loss.Huber(x, t, 0.7f, r), (x, t) => Huber(x - t, 0.7), (a, b) => (a, b)),
        ["smooth l1"] = ((x, t, r) => Loss.SmoothL1(x, t, 0.5f, r), (x, t) => Huber(x - t, 0.5) / 0.5, (a, b) => (a, b)),
        ["log cosh"] = ((x, t, r) => Loss.LogCosh(x, t, r), (x, t) => Math.Log(Math.Cosh(x - t)), (a, b) => (a * 3, b - 2)),
        ["poisson"] = ((x, t, r) => Loss.Poisson(x, t, r), (x, t) => Math.Exp(x) - (t * x), (a, b) => (a, Math.Floor(Math.Abs(b) * 3))),
        ["hinge"] = ((x, t, r) => Loss.Hinge(x, t, 1.5f, r), (x, t) => Math.Max(0, 1.5 - (x * t)), (a, b) => (a, Math.Sign(b))),
        ["soft margin"] = ((x, t, r) => Loss.SoftMargin(x, t, r), (x, t) => Math.Log(1 + Math.Exp(-x * t)), (a, b) => (a, Math.Sign(b))),
        ["binary cross entropy"] = ((x, t, r) => Loss.BinaryCrossEntropy(x, t, r), (x, t) => -(t * Math.Log(x)) - ((1 - t) * Math.Log(1 - x)), (a, b) => (Part(a), Part(b))),
        ["with logits"] = ((x, t, r) => Loss.BinaryCrossEntropyWithLogits(x, t, 3, r), (x, t) => (3 * t * Math.Log(1 + Math.Exp(-x))) + ((1 - t) * Math.Log(1 + Math.Exp(x))), (a, b) => (a * 2, Part(b))),
        ["focal"] = ((x, t, r) => Loss.Focal(x, t, 1.5f, 0.3f, r), Focal, (a, b) => (a * 2, b > 0 ? 1 : 0)),
        ["kullback leibler"] = ((x, t, r) => Loss.KullbackLeibler(x, t, r), (x, t) => t * (Math.Log(t) - x), (a, b) => (a - 2, Part(b))),
    };

    public static TheoryData<string> Names => [.. s_losses.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_are_the_formula(string name)
    {
        var (run, formula, draw) = s_losses[name];
        var random = new Random(3);
        var pairs = Enumerable.Range(0, 12).Select(_ => draw((random.NextDouble() * 2) - 1, (random.NextDouble() * 2) - 1)).ToList();
        var (x, t) = (Tensor.From<float>([.. pairs.Select(p => (float)p.X)], 3, 4), Tensor.From<float>([.. pairs.Select(p => (float)p.T)], 3, 4));
        var expected = pairs.Select(p => formula((float)p.X, (float)p.T)).ToList();
        foreach (var (reduction, values) in new (Reduction, double[])[] { (Reduction.None, [.. expected]), (Reduction.Sum, [expected.Sum()]), (Mean, [expected.Average()]) })
        {
            BothModes.Agree(() => run(x, t, reduction), 5e-6);
            var actual = BothModes.In(ExecutionMode.Eager, () => run(x, t, reduction));
            Assert.Equal(reduction == Reduction.None ? 2 : 0, actual.Rank);
            Assert.All(actual.ToArray<float>().Zip(values), v => Assert.Equal(v.Second, v.First, Math.Abs(v.Second) * 1e-5 + 2e-6));
        }

        BothModes.In(ExecutionMode.Eager, () =>
        {
            var gradient = Ops.Grad(() => run(x, t, Reduction.Sum), [x])[0].ToArray<float>();
            for (var i = 0; i < pairs.Count; i++)
            {
                var (at, to) = ((double)(float)pairs[i].X, (double)(float)pairs[i].T);
                var slope = (formula(at + 1e-6, to) - formula(at - 1e-6, to)) / 2e-6;
                Assert.Equal(slope, gradient[i], Math.Abs(slope) * 1e-4 + 1e-4);
            }

            return x;
        });
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.1f, false)]
    [InlineData(0.2f, true)]
    public void Cross_entropy_smooths_weighs_and_leaves_out(float smoothing, bool weighed)
    {
        var logits = new Generator(3).Normal([2, 3, 5]);
        int[] targets = [4, -100, 0, 2, 2, -100];
        float[] weights = weighed ? [1, 2, 0.5f, 3, 0.25f] : [1, 1, 1, 1, 1];
        var (t, w) = (Tensor.From<int>(targets, 2, 3), weighed ? Tensor.From<float>(weights, 5) : null);
        var rows = logits.ToArray<float>().Chunk(5).Select(r => r.Select(v => v - Math.Log(r.Sum(u => Math.Exp(u)))).ToArray()).ToList();
        double Row(int i) => targets[i] < 0 ? 0
            : -((1 - smoothing) * weights[targets[i]] * rows[i][targets[i]]) - (smoothing / 5 * rows[i].Zip(weights, (p, v) => p * v).Sum());
        var each = Enumerable.Range(0, 6).Select(Row).ToArray();
        var total = targets.Where(c => c >= 0).Sum(c => weights[c]);
        foreach (var (reduction, values) in new (Reduction, double[])[] { (Reduction.None, each), (Reduction.Sum, [each.Sum()]), (Mean, [each.Sum() / total]) })
        {
            Tensor Run() => Loss.CrossEntropy(logits, t, smoothing, weights: w, reduction: reduction);
            BothModes.Agree(Run);
            Assert.All(BothModes.In(ExecutionMode.Eager, Run).ToArray<float>().Zip(values), v => Assert.Equal(v.Second, v.First, 1e-5));
        }
    }

    [Fact]
    public void Cross_entropy_is_the_op_where_nothing_is_asked_for()
    {
        var (logits, targets) = (new Generator(1).Normal([6, 4]), Tensor.From<long>([0, 1, 2, 3, 2, 1], 6));
        BothModes.Close(Ops.CrossEntropy(logits, targets), BothModes.Compiled(() => Loss.CrossEntropy(logits, targets)), 1e-6);
        BothModes.Close(Ops.CrossEntropy(logits, targets), BothModes.Compiled(() => Loss.SoftCrossEntropy(logits, Ops.OneHot(targets, 4))), 1e-6);
    }

    [Fact]
    public void Losses_of_vectors_are_their_formulas()
    {
        var random = new Generator(2);
        var (x, y, z) = (random.Normal([3, 4]), random.Normal([3, 4]), random.Normal([3, 4]));
        var sign = Tensor.From<float>([1, -1, 1], 3);
        double[][] Rows(Tensor t) => [.. t.ToArray<float>().Chunk(4).Select(r => Array.ConvertAll(r, v => (double)v))];
        double Dot(double[] a, double[] b) => a.Zip(b, (u, v) => u * v).Sum();
        double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (u, v) => (u - v) * (u - v)).Sum());
        var (a, b, c) = (Rows(x), Rows(y), Rows(z));
        var cosine = a.Zip(b, (u, v) => Dot(u, v) / Math.Sqrt(Dot(u, u) * Dot(v, v))).ToList();
        Check(() => Loss.CosineEmbedding(x, y, sign, 0.1f), ((1 - cosine[0]) + Math.Max(0, cosine[1] - 0.1) + (1 - cosine[2])) / 3);
        Check(() => Loss.Triplet(x, y, z, 2), Enumerable.Range(0, 3).Average(i => Math.Max(0, Distance(a[i], b[i]) - Distance(a[i], c[i]) + 2)));
        Check(() => Loss.MarginRanking(x, y, z, 0.5f), Enumerable.Range(0, 12).Average(i => Math.Max(0, 0.5 - (c[i / 4][i % 4] * (a[i / 4][i % 4] - b[i / 4][i % 4])))));
        Check(() => Loss.Gaussian(x, y, Ops.Exp(z)), Enumerable.Range(0, 12).Average(i => 0.5 * (c[i / 4][i % 4] + (Math.Pow(a[i / 4][i % 4] - b[i / 4][i % 4], 2) / Math.Exp(c[i / 4][i % 4])))));
        Check(() => Loss.Dice(Ops.Sigmoid(x), Ops.Sigmoid(y)), Enumerable.Range(0, 3).Average(i =>
        {
            var (p, q) = (a[i].Select(Sigmoid).ToArray(), b[i].Select(Sigmoid).ToArray());
            return 1 - (((2 * Dot(p, q)) + 1) / (p.Sum() + q.Sum() + 1));
        }));
        Check(() => Loss.MultiMargin(x, Tensor.From<int>([2, 0, 3], 3)), Enumerable.Range(0, 3).Average(i =>
        {
            var right = (int[])[2, 0, 3];
            return Enumerable.Range(0, 4).Where(j => j != right[i]).Sum(j => Math.Max(0, 1 - a[i][right[i]] + a[i][j])) / 4;
        }));
    }

    /// <summary>All sequences of symbols, one by one.</summary>
    [Fact]
    public void Ctc_is_the_sum_over_all_paths()
    {
        int[] times = [5, 4, 3], lengths = [2, 3, 1];
        int[][] targets = [[1, 1, 0], [2, 1, 2], [2, 0, 0]];
        var logits = new Generator(4).Normal([3, 5, 3]);
        var probabilities = Ops.Softmax(logits).ToArray<float>();
        var expected = Enumerable.Range(0, 3).Select(b =>
        {
            double sum = 0;
            for (var path = 0; path < Math.Pow(3, times[b]); path++)
            {
                var symbols = Enumerable.Range(0, times[b]).Select(t => path / (int)Math.Pow(3, t) % 3).ToArray();
                var read = symbols.Where((s, t) => s != 0 && (t == 0 || symbols[t - 1] != s));
                sum += read.SequenceEqual(targets[b].Take(lengths[b])) ? symbols.Select((s, t) => (double)probabilities[(((b * 5) + t) * 3) + s]).Aggregate(1.0, (p, q) => p * q) : 0;
            }

            return -Math.Log(sum);
        }).ToArray();
        var (t, n, l) = (Tensor.From<int>([.. targets.SelectMany(r => r)], 3, 3), Tensor.From<int>(times, 3), Tensor.From<int>(lengths, 3));
        var none = BothModes.Compiled(() => Loss.Ctc(Ops.LogSoftmax(logits), t, n, l, Reduction.None)).ToArray<float>();
        Assert.All(none.Zip(expected), v => Assert.Equal(v.Second, v.First, 1e-4));
        BothModes.Agree(() => Loss.Ctc(Ops.LogSoftmax(logits), t, n, l), 1e-5);
        var gradients = new CtcModel(logits);
        BothModes.Close(
            BothModes.In(ExecutionMode.Eager, () => gradients.Gradient(t, n, l)), BothModes.Compiled(() => gradients.Gradient(t, n, l)), 1e-4);
    }

    private static void Check(Func<Tensor> run, double expected)
    {
        BothModes.Agree(run, 5e-6);
        Assert.Equal(expected, BothModes.In(ExecutionMode.Eager, run).Item<float>(), 1e-5);
    }

    private static double Part(double v) => Math.Clamp((v + 1) / 2, 0.05, 0.95);

    private static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));

    private static double Huber(double distance, double delta) =>
        Math.Abs(distance) < delta ? 0.5 * distance * distance : delta * (Math.Abs(distance) - (0.5 * delta));

    private static double Focal(double x, double t)
    {
        var p = t > 0.5 ? Sigmoid(x) : Sigmoid(-x);
        return -(t > 0.5 ? 0.3 : 0.7) * Math.Pow(1 - p, 1.5) * Math.Log(p);
    }
}

/// <summary>The gradient of a CTC loss with respect to logits.</summary>
public sealed partial class CtcModel(Tensor logits) : Module
{
    private readonly Tensor _logits = logits;

    [StaticGraph]
    public Tensor Gradient(Tensor targets, Tensor times, Tensor lengths)
    {
        var (_, gradients) = Ops.ValueAndGrad(() => Loss.Ctc(Ops.LogSoftmax(_logits), targets, times, lengths), [_logits]);
        return gradients[0];
    }
}
