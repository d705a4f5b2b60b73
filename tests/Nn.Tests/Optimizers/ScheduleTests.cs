using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Schedules are their formulas, in both modes.</summary>
[Collection("graphs")]
public class ScheduleTests
{
    private static readonly Dictionary<string, (Func<LearningRateSchedule> Make, Func<int, double> Formula)> s_schedules = new()
    {
        ["step"] = (() => new StepSchedule(0.1, 0.5, 4), t => 0.1 * Math.Pow(0.5, (t - 1) / 4)),
        ["multi-step"] = (() => new MultiStepSchedule(0.1, 0.3, 3, 7, 11), t => 0.1 * Math.Pow(0.3, (t > 3 ? 1 : 0) + (t > 7 ? 1 : 0) + (t > 11 ? 1 : 0))),
        ["exponential"] = (() => new ExponentialSchedule(0.1, 0.9), t => 0.1 * Math.Pow(0.9, t - 1)),
        ["polynomial"] = (() => new PolynomialSchedule(0.1, 0.01, 10, 2), t => 0.01 + (0.09 * Math.Pow(1 - (Math.Min(10, t - 1) / 10.0), 2))),
        ["cosine"] = (() => new CosineSchedule(1, 0.1, 12), t => 0.1 + (0.45 * (1 + Math.Cos(Math.PI * Math.Min(12, t - 1) / 12)))),
        ["cosine with restarts"] = (() => new CosineRestartsSchedule(1, 0.1, 5), t => 0.1 + (0.45 * (1 + Math.Cos(Math.PI * ((t - 1) % 5) / 5)))),
        ["cosine with longer restarts"] = (() => new CosineRestartsSchedule(1, 0, 2, 2), t =>
        {
            var (done, period) = (t - 1, 2);
            for (; done >= period; period *= 2)
            {
                done -= period;
            }

            return 0.5 * (1 + Math.Cos(Math.PI * done / period));
        }),
        ["one cycle"] = (() => new OneCycleSchedule(1, 20, 0.25, 10, 100), t =>
            t - 1 < 4 ? Between(0.1, 1, (t - 1) / 4.0) : Between(1, 0.001, Math.Min(1, (t - 1 - 4) / 15.0))),
        ["cyclic"] = (() => new CyclicSchedule(0.1, 1, 8), t => 0.1 + (0.9 * (1 - (Math.Abs(((t - 1) % 8) - 4) / 4.0)))),
        ["inverse root"] = (() => new InverseRootSchedule(0.5, 6), t => 0.5 * Math.Min(t / 6.0, Math.Sqrt(6.0 / t))),
        ["warm-up"] = (() => new WarmupSchedule(new ConstantSchedule(2), 5), t => 2 * Math.Min(1, t / 5.0)),
        ["one after the other"] = (() => new SequentialSchedule((new ConstantSchedule(1), 3), (new ExponentialSchedule(0.5, 0.5), 4), (new ConstantSchedule(7), 1)),
            t => t <= 3 ? 1 : t <= 7 ? 0.5 * Math.Pow(0.5, t - 4) : 7),
        ["product"] = (() => new ProductSchedule(new ConstantSchedule(3), new StepSchedule(1, 0.5, 2)), t => 3 * Math.Pow(0.5, (t - 1) / 2)),
    };

    public static TheoryData<string> Names => [.. s_schedules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_are_the_formula(string name)
    {
        var (make, formula) = s_schedules[name];
        var schedule = make();
        for (var t = 1; t <= 24; t++)
        {
            var step = Tensor.Scalar((double)t);
            Assert.Equal(formula(t), BothModes.Compiled(() => schedule.At(step)).Item<double>(), 1e-9);
            Assert.Equal(formula(t), schedule.Rate(t), 1e-9);
        }
    }

    [Fact]
    public void A_plateau_lowers_the_rate_without_a_new_graph_and_is_saved()
    {
        var schedule = new PlateauSchedule(new ConstantSchedule(1), 0.5, patience: 2, least: 0.2);
        var model = new TrainedPair(p => new Sgd(p, schedule));
        double Rate() => BothModes.Compiled(() => schedule.At(Tensor.Scalar(1.0))).Item<double>();
        Assert.Equal(1, Rate());
        var before = GraphRuntime.Statistics.Compilations;
        var seen = new double[] { 5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3 }.Select(v => (schedule.Observe(v), Rate())).ToList();
        Assert.Equal(before, GraphRuntime.Statistics.Compilations);
        Assert.Equal([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2], seen.Select(s => s.Item2));
        Assert.Equal(3, seen.Count(s => s.Item1));
        Assert.Contains(model.NamedState(), s => s.Name == "optimizer.schedule.factor");
    }

    private static double Between(double from, double to, double share) => to + ((from - to) * 0.5 * (1 + Math.Cos(Math.PI * share)));
}
