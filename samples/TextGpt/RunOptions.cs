using Unified.Ir;

namespace TextGpt;

/// <summary>What decides the numbers of a run; kept in its checkpoint.</summary>
public sealed record RunOptions
{
    public int Layers { get; init; } = 4;

    public int Width { get; init; } = 256;

    public int Heads { get; init; } = 4;

    public int Context { get; init; } = 128;

    public int Batch { get; init; } = 16;

    public int Steps { get; init; } = 600;

    public int Seed { get; init; } = 1;

    public float Dropout { get; init; }

    public double LearningRate { get; init; } = 3e-3;

    /// <summary>f32, or the short dtype of mixed precision: bf16.</summary>
    public string Precision { get; init; } = "f32";

    /// <summary>How far mixed precision goes: O1, O2 or O3.</summary>
    public string Level { get; init; } = "O1";

    /// <summary>What <see cref="Precision"/> and <see cref="Level"/> say.</summary>
    public PrecisionPolicy Policy() => Precision == "f32" ? PrecisionPolicy.None : PrecisionPolicy.Parse($"{Precision} {Level}")
        ?? throw new UsageException($"--precision {Precision} --level {Level}: there is no such mixed precision");

    public int Warmup => Math.Min(40, Steps / 10);

    public GptSize Size => new(Layers, Width, Heads, Context, Dropout);

    public void Check()
    {
        Policy();
        foreach (var (name, value) in ((string, int)[])[("layers", Layers), ("width", Width), ("heads", Heads), ("context", Context), ("batch", Batch), ("steps", Steps)])
        {
            if (value <= 0)
            {
                throw new UsageException($"--{name} {value}: it must be above 0");
            }
        }

        if (Width % Heads != 0)
        {
            throw new UsageException($"--width {Width} cannot be split over --heads {Heads}");
        }

        if (Dropout is < 0 or >= 1 or float.NaN)
        {
            throw new UsageException($"--dropout {Dropout}: it must lie in [0, 1)");
        }
    }
}
