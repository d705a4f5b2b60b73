using System.Text.Json;
using System.Text.Json.Serialization;
using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Works;

namespace Unified.Benchmarks;

/// <summary>What was measured of a work.</summary>
/// <param name="Limit">Which limit counts: <c>fma</c>, <c>streams</c> or <c>ports</c>; null where none is known.</param>
/// <param name="MostPossible">The best peer's time over ours that a program at the limit would have.</param>
internal sealed record Row(
    [property: JsonPropertyName("work")] string Work,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("ours_ms")] double OursMilliseconds,
    [property: JsonPropertyName("spread")] double Spread,
    [property: JsonPropertyName("peers")] IReadOnlyDictionary<string, double> Peers,
    [property: JsonPropertyName("limit")] string? Limit,
    [property: JsonPropertyName("limit_ms")] double? LimitMilliseconds,
    [property: JsonPropertyName("share_of_limit")] double? ShareOfLimit,
    [property: JsonPropertyName("most_possible")] double? MostPossible,
    [property: JsonPropertyName("floor")] string Floor,
    [property: JsonPropertyName("met")] bool? Met)
{
    /// <summary>Whether the machine, and not the program, keeps the floor from being met.</summary>
    [JsonPropertyName("beyond_limit")]
    public bool IsBeyondLimit { get; init; }

    [JsonPropertyName("best_peer")]
    public double? BestPeer => Peers.Count == 0 ? null : Peers.Values.Min() / OursMilliseconds;

    public static Row Of(Work work, int threads, Limits limits, IReadOnlyList<(string Name, Timing Timing)> timings)
    {
        var ours = timings[0].Timing.Median;
        var limit = work.Cost is { } cost ? limits.Of(cost) : null;
        var share = limit?.Milliseconds / ours;
        var peers = timings.Skip(1).ToDictionary(t => t.Name, t => t.Timing.Median);
        var most = peers.Count == 0 ? null : peers.Values.Min() / limit?.Milliseconds;
        var row = new Row(work.Name, threads, ours, timings[0].Timing.Spread, peers, limit?.Name, limit?.Milliseconds, share, most, work.Floor, null)
        {
            // The share that was asked for is reached, and the ratio to the peers would not be by the limit itself.
            IsBeyondLimit = work.ShareFloor > 0 && share >= work.ShareFloor && most < work.PeerFloor,
        };
        return work.Floor.Length == 0 ? row : row with
        {
            // A floor against a peer that is not there is not met: nothing shows it.
            Met = (work.ShareFloor <= 0 || share >= work.ShareFloor) && (work.PeerFloor <= 0 || row.BestPeer >= work.PeerFloor) && ours <= work.MostMilliseconds,
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this);
}
