namespace Unified.Nn;

/// <summary>Starting values of parameters.</summary>
public static class Initialize
{
    /// <summary>Normal with mean 0.</summary>
    public static Parameter Normal(Generator generator, float deviation, params ReadOnlySpan<int> shape)
    {
        using var unit = generator.Normal(shape);
        using var values = unit * deviation;
        return new Parameter(values);
    }

    /// <summary>Uniform in ±1/√fanIn, as PyTorch's linear layer starts.</summary>
    public static Parameter FanIn(Generator generator, int fanIn, params ReadOnlySpan<int> shape)
    {
        var bound = 1 / MathF.Sqrt(fanIn);
        using var unit = generator.Uniform(shape);
        using var centred = unit - 0.5f;
        using var values = centred * (2 * bound);
        return new Parameter(values);
    }

    public static Parameter Constant(float value, params ReadOnlySpan<int> shape)
    {
        using var values = Tensor.Filled(shape, value);
        return new Parameter(values);
    }
}
