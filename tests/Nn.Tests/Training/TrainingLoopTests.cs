using Unified.Nn.Data;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>The host's loop: epochs, callbacks, and an end that comes early.</summary>
[Collection("graphs")]
public sealed class TrainingLoopTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("unified-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_learns_saves_its_best_and_logs()
    {
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            using var use = Execution.Use(mode);
            var model = new Mlp(2, 16, 2);
            foreach (var (parameter, i) in model.Parameters.Select((p, i) => (p, i)))
            {
                parameter.Assign(Initialize.Normal(new Generator(i), 0.5f, parameter.Shape));
            }

            // Inside the circle or not.
            var points = Dataset.Of(200, i => (X: MathF.Sin(i * 12.9f) * 2, Y: MathF.Sin(i * 78.2f) * 2));
            var loader = new DataLoader<(float X, float Y), (Tensor X, Tensor Labels)>(points, new Shuffled(200, 25, 1), b => (
                Tensor.From<float>([.. b.SelectMany(p => (float[])[p.X, p.Y])], b.Count, 2),
                Collate.Vector(b.Select(p => (p.X * p.X) + (p.Y * p.Y) < 2 ? 1 : 0)))) { Workers = 2 };
            var optimizer = new Adam(model.Parameters, new StepSchedule(0.02, 0.5, 100));
            var (log, rates, path) = (new StringWriter(), new RateMonitor(optimizer), Path.Combine(_folder, $"{mode}.safetensors"));
            var accuracy = new Accuracy();
            var history = new TrainingLoop<(Tensor X, Tensor Labels)>(loader, b => model.TrainStep(b.X, b.Labels, optimizer))
            {
                Validate = () =>
                {
                    accuracy.Reset();
                    foreach (var (x, labels) in new DataLoader<(float X, float Y), (Tensor X, Tensor Labels)>(points, new InOrder(200, 50), b => (
                        Tensor.From<float>([.. b.SelectMany(p => (float[])[p.X, p.Y])], b.Count, 2), Collate.Vector(b.Select(p => (p.X * p.X) + (p.Y * p.Y) < 2 ? 1 : 0)))))
                    {
                        accuracy.Update(model.Forward(x), labels);
                    }

                    return [("accuracy", accuracy.Value)];
                },
                Callbacks = [new WriteLog(log, 50), rates, new SaveCheckpoint(model, path, new Watched("accuracy", isLarger: true)), new StopAtNaN()],
            }.Run(25);
            Assert.Equal(25, history.Count);
            Assert.True(history[^1]["accuracy"] > 0.9, $"{history[^1]["accuracy"]}");
            Assert.True(history[^1]["loss"] < history[0]["loss"] / 2);
            Assert.Equal(200, rates.Rates.Count);
            Assert.Equal((0.02, 0.01), (rates.Rates[0], rates.Rates[^1]));
            Assert.Contains("step 50: loss", log.ToString(), StringComparison.Ordinal);
            Assert.Contains("epoch 25: loss", log.ToString(), StringComparison.Ordinal);
            Assert.True(Safetensors.Open(path).Metadata.ContainsKey("step"));
        }
    }

    [Fact]
    public void Training_ends_early_and_the_rate_is_lowered()
    {
        double[] values = [5, 4, 4, 4, 4, 4, 4, 4];
        var (epoch, schedule) = (0, new PlateauSchedule(new ConstantSchedule(1), 0.5, patience: 0));
        var history = new TrainingLoop<int>([1, 2, 3], b => Tensor.Scalar((float)b))
        {
            Validate = () => [("value", values[epoch++])],
            Callbacks = [new EarlyStopping(new Watched("value"), patience: 2), new LowerOnPlateau(schedule, "value")],
        }.Run(8);
        Assert.Equal(5, history.Count);
        Assert.Equal(2, history[0]["loss"]);
        Assert.Equal(0.125, schedule.Factor);
        Assert.Contains("there are loss", Assert.Throws<ArgumentException>(() =>
            new TrainingLoop<int>([1], _ => Tensor.Scalar(0f)) { Callbacks = [new EarlyStopping(new Watched("other"))] }.Run(1)).Message, StringComparison.Ordinal);
        Assert.Single(new TrainingLoop<int>([1, 2], _ => Tensor.Scalar(float.NaN)) { Callbacks = [new StopAtNaN()] }.Run(3));
    }
}
