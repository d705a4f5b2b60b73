namespace Unified.Nn;

/// <summary>
/// Epochs of training steps with callbacks around them. The step is the user's static graph; this is the host's loop over it.
/// </summary>
/// <typeparam name="TBatch">What a step is given.</typeparam>
public sealed class TrainingLoop<TBatch>
{
    private readonly IEnumerable<TBatch> _batches;
    private readonly Func<TBatch, Tensor> _step;

    /// <param name="batches">One enumeration is an epoch, as with a <see cref="Data.DataLoader{T, TBatch}"/>.</param>
    /// <param name="step">Trains on a batch and gives its loss.</param>
    public TrainingLoop(IEnumerable<TBatch> batches, Func<TBatch, Tensor> step) => (_batches, _step) = (batches, step);

    /// <summary>Measures after each epoch, by name: what callbacks watch.</summary>
    public Func<IEnumerable<(string Name, double Value)>>? Validate { get; init; }

    public IReadOnlyList<TrainingCallback> Callbacks { get; init; } = [];

    /// <summary>Runs so many epochs, or until a callback stops it.</summary>
    /// <returns>The values of each epoch: its mean loss as <c>loss</c>, and what <see cref="Validate"/> gave.</returns>
    public IReadOnlyList<IReadOnlyDictionary<string, double>> Run(int epochs)
    {
        var progress = new TrainingProgress();
        Tell(c => c.OnStart(progress));
        for (; progress.Epoch < epochs && !progress.IsStopped; progress.Epoch++)
        {
            var losses = new MeanValue();
            foreach (var batch in _batches)
            {
                using (var loss = _step(batch))
                {
                    progress.Loss = loss.ToScalar();
                }

                losses.Update(progress.Loss);
                progress.Step++;
                Tell(c => c.OnStep(progress));
                (batch as IDisposable)?.Dispose();
                if (progress.IsStopped)
                {
                    break;
                }
            }

            var values = new Dictionary<string, double>(StringComparer.Ordinal) { ["loss"] = losses.Value };
            foreach (var (name, value) in Validate?.Invoke() ?? [])
            {
                values[name] = value;
            }

            progress.Add(values);
            Tell(c => c.OnEpoch(progress));
        }

        Tell(c => c.OnEnd(progress));
        return progress.History;
    }

    private void Tell(Action<TrainingCallback> what)
    {
        foreach (var callback in Callbacks)
        {
            what(callback);
        }
    }
}

/// <summary>Where a training stands.</summary>
public sealed class TrainingProgress
{
    private readonly List<IReadOnlyDictionary<string, double>> _history = [];

    /// <summary>The present epoch, from 0.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Steps done.</summary>
    public long Step { get; internal set; }

    /// <summary>The loss of the last step.</summary>
    public double Loss { get; internal set; } = double.NaN;

    /// <summary>The values of the epochs that are over.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, double>> History => _history;

    public bool IsStopped { get; private set; }

    /// <summary>Ends the training after this step or epoch.</summary>
    public void Stop() => IsStopped = true;

    /// <summary>A value of the last epoch.</summary>
    /// <exception cref="ArgumentException">The epoch has no such value.</exception>
    public double Value(string name) => _history.Count > 0 && _history[^1].TryGetValue(name, out var value)
        ? value
        : throw new ArgumentException($"no value '{name}' was measured; there are {string.Join(", ", _history.LastOrDefault()?.Keys ?? [])}", nameof(name));

    internal void Add(IReadOnlyDictionary<string, double> values) => _history.Add(values);
}

/// <summary>Does something on the way.</summary>
public abstract class TrainingCallback
{
    public virtual void OnStart(TrainingProgress progress)
    {
    }

    public virtual void OnStep(TrainingProgress progress)
    {
    }

    public virtual void OnEpoch(TrainingProgress progress)
    {
    }

    public virtual void OnEnd(TrainingProgress progress)
    {
    }
}
