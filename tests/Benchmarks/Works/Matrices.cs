using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Peers;

namespace Unified.Benchmarks.Works;

/// <summary>Matrix products: of two inputs, and of an input with a model's weights.</summary>
internal static class Matrices
{
    public static IEnumerable<Work> All() =>
    [
        .. ((int[])[512, 1024, 2048, 4096]).Select(Square),
        .. from m in (int[])[128, 512] from k in (int[])[768, 4096] from n in (int[])[3072, 11008] select Linear(m, k, n) with { ShareFloor = 0.9, PeerFloor = 1.05, IsLong = m == 512 && k == 4096 },
        .. from k in (int[])[768, 4096] from n in (int[])[3072, 11008] select Linear(16, k, n) with { ShareFloor = 0.85, PeerFloor = 1.25 },
        .. from m in (int[])[1, 4] from n in (int[])[4096, 11008] select Linear(m, 4096, n) with { ShareFloor = 0.9 },
        .. from m in (int[])[128, 512] from k in (int[])[768, 4096] from n in (int[])[3072, 11008] select Half(m, k, n) with { ShareFloor = 0.9, PeerFloor = 1, IsLong = m == 512 && k == 4096 },
        .. from k in (int[])[768, 4096] from n in (int[])[3072, 11008] select Half(16, k, n) with { PeerFloor = 1 },
        .. from m in (int[])[1, 4] from n in (int[])[4096, 11008] select Half(m, 4096, n) with { ShareFloor = 0.9 },
        .. from m in (int[])[1, 4] select Narrow("w16", 2, m, 4096, 11008),
        .. from m in (int[])[1, 4] select Narrow("w8", 1, m, 4096, 11008),
        .. from m in (int[])[1, 4] select Grouped(m, 4096, 22016),
        .. from m in (int[])[1, 128, 512] select Whole(m, 4096, 11008),
    ];

    private static Work Square(int size) => new($"gemm/f32/{size}", new Cost(2.0 * size * size * size), threads =>
    {
        var kernels = new Kernels();
        var (a, b) = (Inputs.Uniform(1, size, size), Inputs.Uniform(2, size, size));
        var call = Inputs.Disposing(() => kernels.Product(a, b));
        return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [a, b], threads));
    })
    { ShareFloor = 0.92, PeerFloor = 1.05, IsLong = size == 4096 };

    // Two products of bf16 take an instruction the time of one in f32.
    private static Work Half(int m, int k, int n) =>
        new($"linear/bf16/{m}x{k}x{n}", new Cost(2.0 * m * k * n, 2.0 * k * n, Speed: 2), _ =>
        {
            var model = new HalfProjection(k, n);
            var x = Ops.Cast(Inputs.Uniform(1, m, k), Ir.DType.BF16);
            return new Contest(new InProcess("unified", Inputs.Disposing(() => model.Forward(x))));
        });

    // f32 times weights of fewer bits: what counts is how fast they come from memory.
    private static Work Narrow(string dtype, int bytes, int m, int k, int n) =>
        new($"linear/{dtype}/{m}x{k}x{n}", new Cost(2.0 * m * k * n, (double)bytes * k * n), _ =>
        {
            var x = Inputs.Uniform(1, m, k);
            if (bytes == 1)
            {
                var model = new ByteProjection(k, n);
                return new Contest(new InProcess("unified", Inputs.Disposing(() => model.Forward(x))));
            }

            var half = new NarrowProjection(k, n);
            return new Contest(new InProcess("unified", Inputs.Disposing(() => half.Forward(x))));
        })
        { ShareFloor = 0.9 };

    private static Work Grouped(int m, int k, int n) =>
        new($"linear/w4/{m}x{k}x{n}", new Cost(2.0 * m * k * n, ((double)k * n / 2) + (4.0 * k * n / GroupedProjection.GroupSize)), _ =>
        {
            var (model, x) = (new GroupedProjection(k, n), Inputs.Uniform(1, m, k));
            return new Contest(new InProcess("unified", Inputs.Disposing(() => model.Forward(x))));
        })
        { ShareFloor = 0.9 };

    // Four products of bytes take an instruction the time of one in f32.
    private static Work Whole(int m, int k, int n) =>
        new($"linear/i8/{m}x{k}x{n}", new Cost(2.0 * m * k * n, (double)k * n, Speed: 4), _ =>
        {
            var (model, x) = (new WholeProjection(k, n), Inputs.Uniform(1, m, k));
            return new Contest(new InProcess("unified", Inputs.Disposing(() => model.Forward(x))));
        });

    private static Work Linear(int m, int k, int n) =>
        new($"linear/f32/{m}x{k}x{n}", new Cost(2.0 * m * k * n, 4.0 * k * n), threads =>
        {
            var model = new Projection(k, n);
            var x = Inputs.Uniform(1, m, k);
            var call = Inputs.Disposing(() => model.Forward(x));
            return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [x], threads));
        });
}
