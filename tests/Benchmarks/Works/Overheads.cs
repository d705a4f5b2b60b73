using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Peers;

namespace Unified.Benchmarks.Works;

/// <summary>What a call costs before it computes anything.</summary>
internal static class Overheads
{
    private const int Elements = 16;

    public static IEnumerable<Work> All() =>
    [
        new Work($"tiny_graph/f32/{Elements}", null, threads =>
        {
            var kernels = new Kernels();
            var x = Inputs.Uniform(1, Elements);
            var call = Inputs.Disposing(() => kernels.Increment(x));
            return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [x], threads));
        })
        { MostMilliseconds = 1e-3 },
        new Work($"tiny_eager/f32/{Elements}", null, _ =>
        {
            Tensor x = Inputs.Uniform(1, Elements), y = Inputs.Uniform(2, Elements);
            return new Contest(new InProcess("unified", () => (x * y).Dispose()));
        })
        { MostMilliseconds = 1.5e-3 },
        new Work($"tiny_eager_taped/f32/{Elements}", null, _ =>
        {
            var x = new Parameter(Inputs.Uniform(1, Elements));
            var y = Inputs.Uniform(2, Elements);
            return new Contest(new InProcess("unified", () => (x * y).Dispose()));
        })
        { MostMilliseconds = 1.5e-3 },
    ];
}
