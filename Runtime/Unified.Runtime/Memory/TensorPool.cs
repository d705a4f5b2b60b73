using System.Numerics;
using System.Runtime.InteropServices;
using Unified.Native.Os;

namespace Unified;

/// <summary>What tensor memory is in use. Bytes are those of the size classes, not of the requests.</summary>
/// <param name="LiveBytes">Held by tensors.</param>
/// <param name="LiveBlocks">Blocks held by tensors.</param>
/// <param name="CachedBytes">Free, kept for the next tensor.</param>
/// <param name="PeakBytes">The most that was live since the last <see cref="TensorMemory.ResetPeak"/>.</param>
public readonly record struct TensorMemoryStatistics(long LiveBytes, long LiveBlocks, long CachedBytes, long PeakBytes);

/// <summary>The memory of CPU tensors.</summary>
public static class TensorMemory
{
    public static TensorMemoryStatistics Statistics => TensorPool.Statistics;

    /// <summary>Free bytes kept for reuse; more goes back to the system. One eighth of the machine's memory unless set.</summary>
    public static long CacheLimit
    {
        get => TensorPool.CacheLimit;
        set => TensorPool.CacheLimit = value;
    }

    public static void ResetPeak() => TensorPool.ResetPeak();

    /// <summary>Returns all free blocks to the system.</summary>
    public static void Trim() => TensorPool.Trim();
}

/// <summary>
/// 64-byte aligned native blocks by size class (eight classes per power of two). Thread-safe. Tensors that user code drops without
/// disposing are only found by the garbage collector, which does not see native memory: the pool asks for a collection when
/// live bytes have grown by half since the last one.
/// </summary>
internal static unsafe class TensorPool
{
    public const int Alignment = 64;
    private const int StepsPerDouble = 8;
    private const long FirstDouble = Alignment * StepsPerDouble;
    private const long CollectFloor = 192L << 20;
    private const int HugePage = 2 << 20;
    private const long LeastHuge = 2 * HugePage;

    private static readonly Stack<nint>[] s_free = [.. Enumerable.Range(0, 512).Select(_ => new Stack<nint>())];
    private static readonly BlockRegions s_regions = new();
    private static long s_liveBytes;
    private static long s_liveBlocks;
    private static long s_cachedBytes;
    private static long s_peakBytes;
    private static long s_collectAt = CollectFloor;
    private static int s_collecting;

    public static long CacheLimit { get; set; } = Math.Max(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);

    public static TensorMemoryStatistics Statistics => new(
        Interlocked.Read(ref s_liveBytes), Interlocked.Read(ref s_liveBlocks), Interlocked.Read(ref s_cachedBytes), Interlocked.Read(ref s_peakBytes));

    public static void ResetPeak() => Interlocked.Exchange(ref s_peakBytes, Interlocked.Read(ref s_liveBytes));

    public static byte* Rent(long bytes)
    {
        var index = SizeClass(bytes);
        var size = ClassBytes(index);
        if (Interlocked.Read(ref s_liveBytes) + size > Interlocked.Read(ref s_collectAt))
        {
            CollectDropped(size);
        }

        var stack = s_free[index];
        nint block = 0;
        lock (stack)
        {
            if (stack.TryPop(out block))
            {
                Interlocked.Add(ref s_cachedBytes, -size);
            }
        }

        if (block == 0)
        {
            block = Allocate(size, bytes);
        }

        var live = Interlocked.Add(ref s_liveBytes, size);
        Interlocked.Increment(ref s_liveBlocks);
        for (var peak = Interlocked.Read(ref s_peakBytes); live > peak;)
        {
            var seen = Interlocked.CompareExchange(ref s_peakBytes, live, peak);
            if (seen == peak)
            {
                break;
            }

            peak = seen;
        }

        return (byte*)block;
    }

    public static void Return(byte* block, long bytes)
    {
        var index = SizeClass(bytes);
        var size = ClassBytes(index);
        Interlocked.Add(ref s_liveBytes, -size);
        Interlocked.Decrement(ref s_liveBlocks);
        if (Interlocked.Add(ref s_cachedBytes, size) > CacheLimit)
        {
            Interlocked.Add(ref s_cachedBytes, -size);
            Free(block, size);
            return;
        }

        var stack = s_free[index];
        lock (stack)
        {
            stack.Push((nint)block);
        }
    }

    public static void Trim()
    {
        for (var index = 0; index < s_free.Length; index++)
        {
            var stack = s_free[index];
            lock (stack)
            {
                while (stack.TryPop(out var block))
                {
                    Interlocked.Add(ref s_cachedBytes, -ClassBytes(index));
                    Free((byte*)block, ClassBytes(index));
                }
            }
        }
    }

    internal static int SizeClass(long bytes)
    {
        if (bytes <= FirstDouble)
        {
            return (int)Math.Max(0, (bytes - 1) / Alignment);
        }

        // FirstDouble·2^e < bytes ≤ FirstDouble·2^(e+1), in equal steps.
        var exponent = BitOperations.Log2((ulong)((bytes - 1) / FirstDouble));
        var step = (long)Alignment << exponent;
        var part = (bytes - (FirstDouble << exponent) + step - 1) / step;
        return StepsPerDouble - 1 + (exponent * StepsPerDouble) + (int)part;
    }

    internal static long ClassBytes(int index)
    {
        if (index < StepsPerDouble)
        {
            return (index + 1) * (long)Alignment;
        }

        var (exponent, part) = Math.DivRem(index - StepsPerDouble, StepsPerDouble);
        return (FirstDouble << exponent) + ((part + 1) * ((long)Alignment << exponent));
    }

    private static nint Allocate(long size, long bytes)
    {
        try
        {
            return AllocateOnce(size, bytes);
        }
        catch (OutOfMemoryException)
        {
            Trim();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Trim();
            return AllocateOnce(size, bytes);
        }
    }

    private static nint AllocateOnce(long size, long bytes) => size switch
    {
        < BlockRegions.Least => (nint)NativeMemory.AlignedAlloc((nuint)size, Alignment),
        < LeastHuge => s_regions.Rent(size),
        _ => AllocateHuge(size, bytes),
    };

    private static void Free(byte* block, long size)
    {
        if (size is >= BlockRegions.Least and < LeastHuge)
        {
            s_regions.Return((nint)block, size);
        }
        else
        {
            NativeMemory.AlignedFree(block);
        }
    }

    // Large blocks are read by streams: with huge pages the hardware looks up fewer addresses, and the first touch is cheaper.
    // The end is not: a huge page of which a part is used is memory in use.
    private static nint AllocateHuge(long size, long bytes)
    {
        var block = NativeMemory.AlignedAlloc((nuint)size, HugePage);
        PageMemory.AdviseHuge((byte*)block, (nuint)(bytes / HugePage * HugePage));
        return (nint)block;
    }

    private static void CollectDropped(long wanted)
    {
        if (Interlocked.Exchange(ref s_collecting, 1) != 0)
        {
            return;
        }

        TensorScope.WithoutHolding(static () =>
        {
            var before = Interlocked.Read(ref s_liveBytes);
            GC.Collect(1, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
            if (Interlocked.Read(ref s_liveBytes) > before - (before / 4))
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        var live = Interlocked.Read(ref s_liveBytes) + wanted;
        Interlocked.Exchange(ref s_collectAt, Math.Max(CollectFloor, live + (live / 2)));
        Interlocked.Exchange(ref s_collecting, 0);
    }
}
