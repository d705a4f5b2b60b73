using Unified.Ir;

namespace Unified;

/// <summary>Computes n neighbouring elements. The result may be the same memory as an operand.</summary>
internal unsafe delegate void UnaryLoop(byte* x, byte* result, int n);

/// <summary>Computes n neighbouring elements. The result may be the same memory as an operand.</summary>
internal unsafe delegate void BinaryLoop(byte* x, byte* y, byte* result, int n);

internal delegate void UnarySpan<T>(ReadOnlySpan<T> x, Span<T> result);

internal delegate void BinarySpan<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result);

/// <summary>Brings operands of any strides and broadcasts to loops over neighbours.</summary>
internal static unsafe class ElementwiseLoops
{
    // Gathered runs stay in the first-level cache.
    private const int Chunk = 1024;

    public static UnaryLoop Of<T>(UnarySpan<T> loop)
        where T : unmanaged => (x, result, n) => loop(new ReadOnlySpan<T>(x, n), new Span<T>(result, n));

    public static BinaryLoop Of<T>(BinarySpan<T> loop)
        where T : unmanaged => (x, y, result, n) => loop(new ReadOnlySpan<T>(x, n), new ReadOnlySpan<T>(y, n), new Span<T>(result, n));

    /// <summary>A loop over f16 or bf16 that computes in f32.</summary>
    public static UnaryLoop Half(DType dtype, UnarySpan<float> loop) => (x, result, n) =>
    {
        var wide = stackalloc float[Chunk];
        for (var done = 0; done < n; done += Chunk)
        {
            var count = Math.Min(Chunk, n - done);
            HalfPrecision.ToSingle(dtype, x + (done * 2), wide, count);
            loop(new ReadOnlySpan<float>(wide, count), new Span<float>(wide, count));
            HalfPrecision.FromSingle(dtype, wide, result + (done * 2), count);
        }
    };

    /// <summary>A loop over f16 or bf16 that computes in f32.</summary>
    public static BinaryLoop Half(DType dtype, BinarySpan<float> loop) => (x, y, result, n) =>
    {
        var left = stackalloc float[Chunk];
        var right = stackalloc float[Chunk];
        for (var done = 0; done < n; done += Chunk)
        {
            var count = Math.Min(Chunk, n - done);
            HalfPrecision.ToSingle(dtype, x + (done * 2), left, count);
            HalfPrecision.ToSingle(dtype, y + (done * 2), right, count);
            loop(new ReadOnlySpan<float>(left, count), new ReadOnlySpan<float>(right, count), new Span<float>(left, count));
            HalfPrecision.FromSingle(dtype, left, result + (done * 2), count);
        }
    };

    /// <summary>A new tensor of the same shape and dtype.</summary>
    public static Tensor Run(UnaryLoop loop, Tensor x)
    {
        var result = new Tensor(x.DType, x.Dims);
        var bytes = x.DType.Bytes();
        var source = x.Data;
        if (!x.IsDense)
        {
            Strided.CopyToDense(x, result.Data);
            source = result.Data;
        }

        if (!SharedWork.Pays(x.Size))
        {
            loop(source, result.Data, (int)x.Size);
            return result;
        }

        Share(loop, source, bytes, result.Data, bytes, x.Size);
        return result;
    }

    /// <summary>Runs a loop over neighbours, shared among threads.</summary>
    public static void Share(UnaryLoop loop, byte* source, int sourceBytes, byte* target, int targetBytes, long size) =>
        SharedWork.Elements(size, (start, n) => loop(source + (start * sourceBytes), target + (start * targetBytes), n));

    /// <summary>A new tensor of the broadcast shape, or null when the shapes do not broadcast.</summary>
    public static Tensor? Run(BinaryLoop loop, Tensor x, Tensor y, DType dtype) =>
        Strided.Broadcast(x.Dims, y.Dims) is { } dims ? StretchedWork.Run(new Binary(loop, x, y), dtype, dims, x, y) : null;

    /// <summary>n elements side by side: in place, as already spread in the buffer (step 0), or gathered into it.</summary>
    public static byte* Neighbours(byte* run, long step, int start, byte* buffer, int n, int bytes)
    {
        if (step == 1)
        {
            return run + ((long)start * bytes);
        }

        if (step != 0)
        {
            CopyRun(run + (start * step * bytes), step, buffer, n, bytes);
        }

        return buffer;
    }

    public static void CopyRun(byte* source, long step, byte* target, int n, int bytes)
    {
        switch (bytes)
        {
            case 1:
                Strided.CopyRun(source, step, target, n);
                break;
            case 2:
                Strided.CopyRun((ushort*)source, step, (ushort*)target, n);
                break;
            case 4:
                Strided.CopyRun((uint*)source, step, (uint*)target, n);
                break;
            default:
                Strided.CopyRun((ulong*)source, step, (ulong*)target, n);
                break;
        }
    }

    private readonly struct Binary(BinaryLoop loop, Tensor x, Tensor y) : IStretchedWork
    {
        public void Run(Tensor result, StridedWalk walk, RunBlocks blocks, long begin, long end)
        {
            int xBytes = x.DType.Bytes(), yBytes = y.DType.Bytes(), bytes = result.DType.Bytes();
            long xStep = walk.InnerStride(0), yStep = walk.InnerStride(1);
            var run = xStep == 1 && yStep == 1 ? walk.Inner : Math.Min(walk.Inner, Chunk);
            var left = stackalloc byte[xStep == 1 ? 1 : Chunk * 8];
            var right = stackalloc byte[yStep == 1 ? 1 : Chunk * 8];
            var block = blocks.Enter(ref walk, begin);
            var target = result.Data + (blocks.Offset(begin) * bytes);
            for (var unit = begin; unit < end; unit++)
            {
                var (start, count) = blocks.Of(block);
                var xRun = x.Data + (walk.OffsetOf(0) * xBytes);
                var yRun = y.Data + (walk.OffsetOf(1) * yBytes);
                if (xStep == 0)
                {
                    CopyRun(xRun, 0, left, run, xBytes);
                }

                if (yStep == 0)
                {
                    CopyRun(yRun, 0, right, run, yBytes);
                }

                for (var done = start; done < start + count; done += run)
                {
                    var n = Math.Min(run, start + count - done);
                    loop(
                        Neighbours(xRun, xStep, done, left, n, xBytes),
                        Neighbours(yRun, yStep, done, right, n, yBytes),
                        target,
                        n);
                    target += (long)n * bytes;
                }

                block = blocks.Next(ref walk, block);
            }
        }
    }
}
