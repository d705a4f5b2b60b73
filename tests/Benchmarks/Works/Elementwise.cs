using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Peers;

namespace Unified.Benchmarks.Works;

/// <summary>
/// Work along rows, from what fits in the first cache to what fits in none. Vector instructions are counted as they are needed at least: the target of a cross-entropy, for example, is one
/// element of a row.
/// </summary>
internal static class Elementwise
{
    private const int Columns = 1024;
    private const long LastCacheBytes = 32 << 20;

    private static readonly int[] s_rows = [1, 64, 1024, 16384, 65536];

    // x·w + b; the magnitude's place in one of sixteen segments, a polynomial of degree 5 of it; what is positive, less the magnitude times that.
    private static readonly PortCost s_gelu = new(9, 9);

    // The greatest; the exponential, of which less the greatest and times log₂ e are one; the sum.
    private static readonly PortCost s_exponentials = PortCost.Exponential + new PortCost(0, 2);

    // Each exponential times the inverse of their sum.
    private static readonly PortCost s_softmax = s_exponentials + new PortCost(1, 0);

    // The sum; the sum of squares of x less the mean; x times the inverse deviation, less what that makes of the mean; times the weight, and the bias.
    private static readonly PortCost s_norm = new(3, 2);

    public static IEnumerable<Work> All() =>
    [
        .. s_rows.Select(r => Row("affine_gelu", r, s_gelu, k => (Inputs.Uniform(1, r, Columns), [Inputs.Uniform(2, Columns), Inputs.Uniform(3, Columns)]), (k, x, o) => k.AffineGelu(x, o[0], o[1]))),
        .. s_rows.Select(r => Row("softmax", r, s_softmax, k => (Inputs.Uniform(1, r, Columns), []), (k, x, o) => k.RowSoftmax(x))),
        .. s_rows.Select(r => Row("layer_norm", r, s_norm, k => (Inputs.Uniform(1, r, Columns), [Inputs.Uniform(2, Columns), Inputs.Uniform(3, Columns)]), (k, x, o) => k.RowLayerNorm(x, o[0], o[1]))),
        .. s_rows.Select(r => Row("cross_entropy", r, s_exponentials, k => (Inputs.Uniform(1, r, Columns), [Inputs.Indices(2, Columns, r)]), (k, x, o) => k.MeanCrossEntropy(x, o[0]), writes: false)),
        .. s_rows.Select(r => Row("cross_entropy_gradient", r, s_softmax, k => (Inputs.Uniform(1, r, Columns), [Inputs.Indices(2, Columns, r)]), (k, x, o) => k.CrossEntropyGradient(x, o[0]))),
    ];

    private static Work Row(string family, int rows, PortCost vector, Func<Kernels, (Tensor X, Tensor[] Others)> inputs, Func<Kernels, Tensor, Tensor[], Tensor> run, bool writes = true)
    {
        var bytes = 4L * rows * Columns;
        var isBeyondCache = bytes > LastCacheBytes;
        var cost = new Cost(0, bytes, writes, Ports: vector * ((double)rows * Columns / PortCost.Lanes));
        return new Work($"{family}/f32/{rows}x{Columns}", cost, threads =>
        {
            var kernels = new Kernels();
            var (x, others) = inputs(kernels);
            return Of(kernels, x, others, run, threads);
        })
        { ShareFloor = 0.85, PeerFloor = isBeyondCache ? 2 : 0, IsLong = rows > 16384 };
    }

    private static Contest Of(Kernels kernels, Tensor x, Tensor[] others, Func<Kernels, Tensor, Tensor[], Tensor> run, int threads)
    {
        var call = Inputs.Disposing(() => run(kernels, x, others));
        return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [x, .. others], threads));
    }
}
