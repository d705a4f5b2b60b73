using System.Text.Json;
using System.Text.Json.Serialization;
using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Works;

namespace Unified.Benchmarks;

/// <summary>What was measured of a work.</summary>
internal sealed record Row(
    [property: JsonPropertyName("work")] string Work,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("ours_ms")] double OursMilliseconds,
    [property: JsonPropertyName("spread")] double Spread,
    [property: JsonPropertyName("peers")] IReadOnlyDictionary<string, double> Peers,
    [property: JsonPropertyName("share_of_limit")] double? ShareOfLimit,
    [property: JsonPropertyName("floor")] string Floor,
    [property: JsonPropertyName("met")] bool? Met)
{
    public double? BestPeer => Peers.Count == 0 ? null : Peers.Values.Min() / OursMilliseconds;

    public static Row Of(Work work, int threads, Limits limits, IReadOnlyList<(string Name, Timing Timing)> timings)
    {
        var ours = timings[0].Timing.Median;
        var share = work.Cost is { } cost ? limits.Milliseconds(cost) / ours : (double?)null;
        var row = new Row(work.Name, threads, ours, timings[0].Timing.Spread, timings.Skip(1).ToDictionary(t => t.Name, t => t.Timing.Median), share, work.Floor, null);
        return work.Floor.Length == 0 ? row : row with
        {
            // A floor against a peer that is not there is not met: nothing shows it.
            Met = (work.ShareFloor <= 0 || share >= work.ShareFloor) && (work.PeerFloor <= 0 || row.BestPeer >= work.PeerFloor) && ours <= work.MostMilliseconds,
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this);
}
