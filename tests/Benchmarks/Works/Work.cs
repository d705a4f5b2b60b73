using Unified.Benchmarks.Measuring;

namespace Unified.Benchmarks.Works;

/// <summary>A row of the tables: something to compute, at one size.</summary>
/// <param name="Name"><c>family/dtype/sizes</c>. The libtorch peer computes the same for the same name.</param>
/// <param name="Cost">What it needs at least; null where no limit is known.</param>
/// <param name="Prepare">Makes the inputs, for so many threads.</param>
public sealed record Work(string Name, Cost? Cost, Func<int, Contest> Prepare)
{
    /// <summary>Share of the limit that is asked for.</summary>
    public double ShareFloor { get; init; }

    /// <summary>The best peer's time over ours that is asked for.</summary>
    public double PeerFloor { get; init; }

    /// <summary>Milliseconds that are asked for.</summary>
    public double MostMilliseconds { get; init; } = double.PositiveInfinity;

    /// <summary>Takes long, and runs only when it is named or all are asked for.</summary>
    public bool IsLong { get; init; }

    /// <summary>Needs more memory than others leave, and runs only when it is named.</summary>
    public bool IsHuge { get; init; }

    public string Floor => string.Join(", ", new[]
    {
        ShareFloor > 0 ? string.Create(CultureInfo.InvariantCulture, $"{ShareFloor:P0} of limit") : null,
        PeerFloor > 0 ? string.Create(CultureInfo.InvariantCulture, $"{PeerFloor:0.00}x best peer") : null,
        double.IsFinite(MostMilliseconds) ? string.Create(CultureInfo.InvariantCulture, $"{MostMilliseconds * 1000:0.##} us") : null,
    }.OfType<string>());
}

/// <summary>Ours, and the peers that this process can run.</summary>
public sealed record Contest(IContender Ours, params IReadOnlyList<IContender> Peers) : IDisposable
{
    public void Dispose()
    {
        Ours.Dispose();
        foreach (var peer in Peers)
        {
            peer.Dispose();
        }
    }
}
