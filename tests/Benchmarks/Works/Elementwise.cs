using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Peers;

namespace Unified.Benchmarks.Works;

/// <summary>Work along rows, from what fits in the first cache to what fits in none.</summary>
internal static class Elementwise
{
    private const int Columns = 1024;
    private const long LastCacheBytes = 32 << 20;

    private static readonly int[] s_rows = [1, 64, 1024, 16384, 65536];

    public static IEnumerable<Work> All() =>
    [
        .. s_rows.Select(r => Row("affine_gelu", r, k => (Inputs.Uniform(1, r, Columns), [Inputs.Uniform(2, Columns), Inputs.Uniform(3, Columns)]), (k, x, o) => k.AffineGelu(x, o[0], o[1]))),
        .. s_rows.Select(r => Row("softmax", r, k => (Inputs.Uniform(1, r, Columns), []), (k, x, o) => k.RowSoftmax(x))),
        .. s_rows.Select(r => Row("layer_norm", r, k => (Inputs.Uniform(1, r, Columns), [Inputs.Uniform(2, Columns), Inputs.Uniform(3, Columns)]), (k, x, o) => k.RowLayerNorm(x, o[0], o[1]))),
        .. s_rows.Select(r => Row("cross_entropy", r, k => (Inputs.Uniform(1, r, Columns), [Inputs.Indices(2, Columns, r)]), (k, x, o) => k.MeanCrossEntropy(x, o[0]), writes: false)),
        .. s_rows.Select(r => Row("cross_entropy_gradient", r, k => (Inputs.Uniform(1, r, Columns), [Inputs.Indices(2, Columns, r)]), (k, x, o) => k.CrossEntropyGradient(x, o[0]))),
    ];

    private static Work Row(string family, int rows, Func<Kernels, (Tensor X, Tensor[] Others)> inputs, Func<Kernels, Tensor, Tensor[], Tensor> run, bool writes = true)
    {
        var bytes = 4L * rows * Columns;
        var isBeyondCache = bytes > LastCacheBytes;
        return new Work($"{family}/f32/{rows}x{Columns}", isBeyondCache ? new Cost(0, bytes, writes ? bytes : 0) : null, threads =>
        {
            var kernels = new Kernels();
            var (x, others) = inputs(kernels);
            return Of(kernels, x, others, run, threads);
        })
        { ShareFloor = isBeyondCache ? 0.85 : 0, PeerFloor = isBeyondCache ? 2 : 0, IsLong = rows > 16384 };
    }

    private static Contest Of(Kernels kernels, Tensor x, Tensor[] others, Func<Kernels, Tensor, Tensor[], Tensor> run, int threads)
    {
        var call = Inputs.Disposing(() => run(kernels, x, others));
        return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [x, .. others], threads));
    }
}
