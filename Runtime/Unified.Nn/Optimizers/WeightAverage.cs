namespace Unified.Nn;

/// <summary>
/// A moving mean of parameters, updated in the training graph behind the optimizer's step: mean ← decay·mean + (1 − decay)·p. To evaluate with it,
/// <see cref="Swap"/> before and after.
/// </summary>
public sealed partial class WeightAverage : Module
{
    [NotState]
    private readonly Parameter[] _parameters;
    private readonly Tensor[] _means;

    public WeightAverage(IReadOnlyList<Parameter> parameters, float decay = 0.999f)
    {
        if (decay is < 0 or >= 1 or float.NaN)
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "the share of the old mean lies in [0, 1)");
        }

        Decay = decay;
        _parameters = [.. parameters];
        _means = [.. parameters.Select(p => p.Clone())];
    }

    public float Decay { get; }

    /// <summary>The means, in the parameters' order.</summary>
    public IReadOnlyList<Tensor> Means => _means;

    [StaticGraph]
    public void Update()
    {
        for (var i = 0; i < _parameters.Length; i++)
        {
            Follow(_means[i], _parameters[i]);
        }
    }

    /// <summary>Exchanges the means and the parameters' values.</summary>
    public void Swap()
    {
        for (var i = 0; i < _parameters.Length; i++)
        {
            using var kept = _parameters[i].Clone();
            _parameters[i].Assign(_means[i]);
            _means[i].Assign(kept);
        }
    }

    [StaticGraph]
    private void Follow(Tensor mean, Tensor parameter) => mean.Assign(mean + ((parameter - mean) * (1 - Decay)));
}
