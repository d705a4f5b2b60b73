using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified;

/// <summary>Arithmetic of dims and strides, and copies between layouts.</summary>
internal static unsafe class Strided
{
    public static long Size(ReadOnlySpan<int> dims)
    {
        long size = 1;
        foreach (var dim in dims)
        {
            size = checked(size * dim);
        }

        return size;
    }

    public static long[] DenseStrides(ReadOnlySpan<int> dims)
    {
        var strides = new long[dims.Length];
        long step = 1;
        for (var i = dims.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(1, dims[i]);
        }

        return strides;
    }

    public static bool IsDense(ReadOnlySpan<int> dims, ReadOnlySpan<long> strides)
    {
        long step = 1;
        for (var i = dims.Length - 1; i >= 0; i--)
        {
            if (dims[i] == 0)
            {
                return true;
            }

            if (dims[i] != 1)
            {
                if (strides[i] != step)
                {
                    return false;
                }

                step *= dims[i];
            }
        }

        return true;
    }

    /// <summary>The strides that show the same elements in the same order under new dims, or null where that needs a copy.</summary>
    public static long[]? Reshape(ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ReadOnlySpan<int> target)
    {
        var result = new long[target.Length];
        if (Size(dims) == 0)
        {
            return DenseStrides(target);
        }

        int i = 0, j = 0;
        while (i < dims.Length || j < target.Length)
        {
            if (i < dims.Length && dims[i] == 1)
            {
                i++;
                continue;
            }

            if (j < target.Length && target[j] == 1)
            {
                result[j++] = 0;
                continue;
            }

            // The smallest groups of axes on both sides with equal products.
            int iEnd = i + 1, jEnd = j + 1;
            long left = dims[i], right = target[j];
            while (left != right)
            {
                if (left < right)
                {
                    left *= dims[iEnd++];
                }
                else
                {
                    right *= target[jEnd++];
                }
            }

            // Trailing ones belong to nobody; skip them inside the group.
            var innermost = -1;
            for (var k = iEnd - 1; k >= i; k--)
            {
                if (dims[k] == 1)
                {
                    continue;
                }

                if (innermost >= 0 && strides[k] != strides[innermost] * dims[innermost])
                {
                    return null;
                }

                innermost = k;
            }

            var last = iEnd - 1;
            while (dims[last] == 1)
            {
                last--;
            }

            var step = strides[last];
            for (var k = jEnd - 1; k >= j; k--)
            {
                result[k] = step;
                step *= target[k];
            }

            i = iEnd;
            j = jEnd;
        }

        return result;
    }

    /// <summary>The NumPy broadcast of two shapes, or null.</summary>
    public static int[]? Broadcast(int[] a, int[] b)
    {
        if (a.AsSpan().SequenceEqual(b))
        {
            return a;
        }

        var result = new int[Math.Max(a.Length, b.Length)];
        for (var i = 1; i <= result.Length; i++)
        {
            var x = i <= a.Length ? a[^i] : 1;
            var y = i <= b.Length ? b[^i] : 1;
            if (x != y && x != 1 && y != 1)
            {
                return null;
            }

            result[^i] = x == 1 ? y : x;
        }

        return result;
    }

    /// <summary>The strides of a tensor seen under a larger shape: zero where it is stretched.</summary>
    public static void BroadcastStrides(Tensor x, ReadOnlySpan<int> dims, Span<long> strides)
    {
        var lead = dims.Length - x.Rank;
        for (var i = 0; i < dims.Length; i++)
        {
            strides[i] = i < lead || x.Dims[i - lead] == 1 ? 0 : x.Strides[i - lead];
        }
    }

    /// <summary>The runs of operands under the shape that they are stretched to.</summary>
    public static StridedWalk Walk(int[] dims, params ReadOnlySpan<Tensor> operands)
    {
        Span<long> strides = stackalloc long[dims.Length * StridedWalk.MaxOperands];
        for (var i = 0; i < operands.Length; i++)
        {
            BroadcastStrides(operands[i], dims, strides.Slice(i * dims.Length, dims.Length));
        }

        return new StridedWalk(dims, strides, operands.Length);
    }

    /// <summary>The tensor itself when dense, else a dense copy (to be disposed by the caller: see <paramref name="isCopy"/>).</summary>
    public static Tensor Dense(Tensor x, out bool isCopy)
    {
        isCopy = !x.IsDense;
        if (!isCopy)
        {
            return x;
        }

        var copy = new Tensor(x.DType, x.Dims);
        CopyToDense(x, copy.Data);
        return copy;
    }

    /// <summary>Writes the elements in row-major order.</summary>
    public static void CopyToDense(Tensor x, byte* target)
    {
        var bytes = x.DType.Bytes();
        if (x.IsDense)
        {
            Copy(x.Data, target, x.Size * bytes);
        }
        else
        {
            switch (bytes)
            {
                case 1:
                    CopyToDense((byte*)x.Data, x, target);
                    break;
                case 2:
                    CopyToDense((ushort*)x.Data, x, (ushort*)target);
                    break;
                case 4:
                    CopyToDense((uint*)x.Data, x, (uint*)target);
                    break;
                default:
                    CopyToDense((ulong*)x.Data, x, (ulong*)target);
                    break;
            }
        }

        GC.KeepAlive(x);
    }

    private static void CopyToDense<T>(T* source, Tensor x, T* target)
        where T : unmanaged
    {
        if (x.Size == 0)
        {
            return;
        }

        var walk = new StridedWalk(x.Dims, x.Strides, 1);
        if (walk.Rank >= 2 && walk.InnerStride(0) != 1 && walk.Stride(0, walk.Rank - 2) == 1)
        {
            CopyTransposed(source, walk, target);
            return;
        }

        var blocks = new RunBlocks(walk);
        if (SharedWork.Pays(x.Size))
        {
            Share(source, walk, blocks, target);
        }
        else
        {
            CopyBlocks(source, walk, blocks, target, 0, blocks.Units);
        }
    }

    /// <summary>Copies so many bytes, shared among threads where they are many.</summary>
    public static void Copy(byte* source, byte* target, long bytes)
    {
        if (SharedWork.Pays(bytes / sizeof(float)))
        {
            Share(source, target, bytes);
        }
        else
        {
            Buffer.MemoryCopy(source, target, bytes, bytes);
        }
    }

    // Of its own, so that small copies allocate nothing.
    private static void Share(byte* source, byte* target, long bytes) =>
        SharedWork.Elements(bytes, (start, n) => Buffer.MemoryCopy(source + start, target + start, n, n));

    private static void Share<T>(T* source, StridedWalk walk, RunBlocks blocks, T* target)
        where T : unmanaged => blocks.Share((begin, end) => CopyBlocks(source, walk, blocks, target, begin, end));

    private static void CopyBlocks<T>(T* source, StridedWalk walk, RunBlocks blocks, T* target, long begin, long end)
        where T : unmanaged
    {
        var step = walk.InnerStride(0);
        var block = blocks.Enter(ref walk, begin);
        target += blocks.Offset(begin);
        for (var unit = begin; unit < end; unit++)
        {
            var (start, count) = blocks.Of(block);
            CopyRun(source + walk.OffsetOf(0) + (start * step), step, target, count);
            target += count;
            block = blocks.Next(ref walk, block);
        }
    }

    /// <summary>One run of elements at a fixed distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyRun<T>(T* source, long step, T* target, int n)
        where T : unmanaged
    {
        if (step == 1)
        {
            new ReadOnlySpan<T>(source, n).CopyTo(new Span<T>(target, n));
        }
        else if (step == 0)
        {
            new Span<T>(target, n).Fill(*source);
        }
        else
        {
            for (var i = 0; i < n; i++)
            {
                target[i] = source[i * step];
            }
        }
    }

    // The inner two axes are exchanged: square tiles keep both sides in cache.
    private static void CopyTransposed<T>(T* source, StridedWalk walk, T* target)
        where T : unmanaged
    {
        const int Tile = 16;
        int columns = walk.Inner, rows = walk.Dim(walk.Rank - 2);
        var bands = (rows + Tile - 1) / Tile;
        var step = walk.InnerStride(0);
        walk.LeaveOutInner(2);
        SharedWork.Rows(walk.Runs * bands, (long)Tile * columns, (begin, end) =>
        {
            var mine = walk;
            mine.Seek(begin / bands);
            for (var band = begin; band < end; band++)
            {
                var r = (int)(band % bands) * Tile;
                if (r == 0 && band > begin)
                {
                    mine.Next();
                }

                CopyBand(source + mine.OffsetOf(0) + r, step, Math.Min(Tile, rows - r), columns, target + (((band / bands * rows) + r) * columns));
            }
        });

        static void CopyBand(T* from, long step, int rows, int columns, T* target)
        {
            for (var c = 0; c < columns; c += Tile)
            {
                var end = Math.Min(columns, c + Tile);
                for (var i = 0; i < rows; i++)
                {
                    var line = target + ((long)i * columns);
                    for (var j = c; j < end; j++)
                    {
                        line[j] = from[i + (j * step)];
                    }
                }
            }
        }
    }
}
