namespace Unified.Nn;

/// <summary>Parameters that an optimizer treats alike and otherwise than the rest.</summary>
public sealed record ParameterGroup(IReadOnlyList<Parameter> Parameters)
{
    /// <summary>What the schedule's rate is multiplied by.</summary>
    public double RateScale { get; init; } = 1;

    /// <summary>In place of the optimizer's; null: as the optimizer's.</summary>
    public float? WeightDecay { get; init; }

    /// <summary>The parameters of a model whose path, such as <c>blocks.0.norm.bias</c>, is as asked for.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static ParameterGroup Named(Module model, Func<string, bool> isMeant)
    {
        var found = model.NamedState().Where(s => isMeant(s.Name)).Select(s => s.Tensor).OfType<Parameter>().ToList();
        return found.Count > 0 ? new ParameterGroup(found)
            : throw new ArgumentException($"no parameter of {model.GetType().Name} has such a name; NamedState() lists them", nameof(isMeant));
    }
}
