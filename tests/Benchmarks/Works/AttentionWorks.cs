using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Peers;

namespace Unified.Benchmarks.Works;

/// <summary>Causal attention of 12 heads of 64. Its operations are counted over the half of the square that is seen: two products forward, five back (the result itself is not asked for).</summary>
internal static class AttentionWorks
{
    private const int Heads = 12, HeadWidth = 64;

    private static readonly int[] s_lengths = [128, 512, 1024, 4096];

    public static IEnumerable<Work> All() => [.. s_lengths.Select(Forward), .. s_lengths.Select(Backward)];

    private static Work Forward(int length) => new($"attention/f32/{length}", new Cost(Flops(length)), threads =>
    {
        var kernels = new Kernels();
        Tensor q = Input(1, length), k = Input(2, length), v = Input(3, length);
        var call = Inputs.Disposing(() => kernels.CausalAttention(q, k, v));
        return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [q, k, v], threads));
    })
    { PeerFloor = 1.3, IsLong = length > 1024 };

    private static Work Backward(int length) => new($"attention_gradient/f32/{length}", new Cost(2.5 * Flops(length)), _ =>
    {
        var kernels = new Kernels();
        Tensor q = Input(1, length), k = Input(2, length), v = Input(3, length), w = Input(4, length);
        return new Contest(new InProcess("unified", () =>
        {
            var (dq, dk, dv) = kernels.CausalAttentionGradient(q, k, v, w);
            dq.Dispose();
            dk.Dispose();
            dv.Dispose();
        }));
    })
    { PeerFloor = 1.3, IsLong = length > 1024 };

    private static double Flops(int length) => 2.0 * length * length * HeadWidth * Heads;

    private static Tensor Input(int seed, int length) => Inputs.Uniform(seed, 1, Heads, length, HeadWidth);
}
