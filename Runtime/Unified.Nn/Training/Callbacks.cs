using System.Globalization;

namespace Unified.Nn;

/// <summary>A value that is watched: whether it got better.</summary>
public sealed class Watched(string name, bool isLarger = false, double threshold = 0)
{
    public string Name { get; } = name;

    public double Best { get; private set; } = double.NaN;

    /// <summary>Takes note of the last epoch's value.</summary>
    public bool IsBetter(TrainingProgress progress)
    {
        var value = progress.Value(Name);
        var isBetter = double.IsNaN(Best) ? !double.IsNaN(value) : isLarger ? value > Best + threshold : value < Best - threshold;
        Best = isBetter ? value : Best;
        return isBetter;
    }
}

/// <summary>Ends the training when a value has not become better for so many epochs.</summary>
public sealed class EarlyStopping(Watched value, int patience = 5) : TrainingCallback
{
    private int _waited;

    public override void OnEpoch(TrainingProgress progress)
    {
        _waited = value.IsBetter(progress) ? 0 : _waited + 1;
        if (_waited > patience)
        {
            progress.Stop();
        }
    }
}

/// <summary>Saves a module's state after each epoch, or only when a value has become better.</summary>
public sealed class SaveCheckpoint(Module state, string path, Watched? value = null) : TrainingCallback
{
    public override void OnEpoch(TrainingProgress progress)
    {
        if (value is null || value.IsBetter(progress))
        {
            Safetensors.Save(path, state.NamedState(), new Dictionary<string, string>
            {
                ["epoch"] = progress.Epoch.ToString(CultureInfo.InvariantCulture), ["step"] = progress.Step.ToString(CultureInfo.InvariantCulture),
            });
        }
    }
}

/// <summary>Writes a line for each epoch, and one for every so many steps; 0: none.</summary>
public sealed class WriteLog(TextWriter to, int everySteps = 0) : TrainingCallback
{
    public override void OnStep(TrainingProgress progress)
    {
        if (everySteps > 0 && progress.Step % everySteps == 0)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {progress.Step}: loss {progress.Loss:G5}"));
        }
    }

    public override void OnEpoch(TrainingProgress progress) => to.WriteLine(
        $"epoch {progress.Epoch + 1}: {string.Join(", ", progress.History[^1].Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Key} {v.Value:G5}")))}");
}

/// <summary>Remembers the learning rate of each step.</summary>
public sealed class RateMonitor(Optimizer optimizer) : TrainingCallback
{
    private readonly List<double> _rates = [];

    public IReadOnlyList<double> Rates => _rates;

    public override void OnStep(TrainingProgress progress) => _rates.Add(optimizer.Schedule.Rate((long)optimizer.StepCount.Item<double>()));
}

/// <summary>Shows a value to a plateau schedule after each epoch.</summary>
public sealed class LowerOnPlateau(PlateauSchedule schedule, string value = "loss") : TrainingCallback
{
    public override void OnEpoch(TrainingProgress progress) => schedule.Observe(progress.Value(value));
}

/// <summary>Ends the training at a loss that is no number.</summary>
public sealed class StopAtNaN : TrainingCallback
{
    public override void OnStep(TrainingProgress progress)
    {
        if (!double.IsFinite(progress.Loss))
        {
            progress.Stop();
        }
    }
}
