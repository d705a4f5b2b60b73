namespace Unified.Benchmarks.Works;

/// <summary>Tensors to compute with.</summary>
internal static class Inputs
{
    /// <summary>Uniform in [-0.5, 0.5).</summary>
    public static Tensor Uniform(int seed, params ReadOnlySpan<int> shape)
    {
        using var unit = new Generator(seed).Uniform(shape);
        return unit - 0.5f;
    }

    /// <summary>Integers below a bound.</summary>
    public static Tensor Indices(int seed, int bound, params ReadOnlySpan<int> shape)
    {
        var random = new Random(seed);
        var count = 1;
        foreach (var dim in shape)
        {
            count *= dim;
        }

        return Tensor.From<int>([.. Enumerable.Range(0, count).Select(_ => random.Next(bound))], shape);
    }

    /// <summary>Runs a call and gives its result's memory back, as a user who is done with it does.</summary>
    public static Action Disposing(Func<Tensor> call) => () => call().Dispose();
}
