using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Unified.Native.Os;

namespace Unified;

/// <summary>What this machine can do at most, measured when asked: the yardstick of every speed that is reported.</summary>
public static class MachineLimits
{
    // Of data that are only a few times as large as the last cache it still holds a part when they are read again: up to 1.5 times the memory's own speed with 48 MB.
    private const long BeyondCaches = 256L << 20;
    private const int Repeats = 7, HugePage = 2 << 20, BytesAtOnce = 256;

    /// <summary>f32 multiply-adds on all threads at once, two operations each, in GFLOP/s; fused where the machine can. Best of several tries.</summary>
    public static double PeakGflops(int threads = 0)
    {
        threads = threads > 0 ? threads : Environment.ProcessorCount;
        const int Rounds = 3_000_000;
        Parallel(threads, () => Chains(Rounds / 10));
        var best = double.MaxValue;
        for (var i = 0; i < Repeats; i++)
        {
            best = Math.Min(best, Parallel(threads, () => Chains(Rounds)));
        }

        return threads * (double)Rounds * ChainCount * Vector512<float>.Count * 2 / best / 1e9;
    }

    /// <summary>Reading memory beyond the caches on all threads at once, in GB/s; best of several tries.</summary>
    public static unsafe double ReadGigabytesPerSecond(int threads = 0)
    {
        threads = threads > 0 ? threads : Environment.ProcessorCount;
        var share = BeyondCaches / threads / BytesAtOnce * BytesAtOnce;
        var size = (nuint)(share * threads);
        var data = (byte*)NativeMemory.AlignedAlloc(size, HugePage);
        PageMemory.AdviseHuge(data, size / HugePage * HugePage);
        NativeMemory.Fill(data, size, 0);
        var best = double.MaxValue;
        for (var i = 0; i < Repeats; i++)
        {
            var next = -1;
            best = Math.Min(best, Parallel(threads, () => Read((float*)(data + (Interlocked.Increment(ref next) * share)), share / sizeof(float))));
        }

        NativeMemory.AlignedFree(data);
        return size / best / 1e9;
    }

    /// <summary>Writing memory beyond the caches, past them, on all threads at once, in GB/s; best of several tries.</summary>
    public static double WriteGigabytesPerSecond(int threads = 0)
    {
        threads = threads > 0 ? threads : Environment.ProcessorCount;
        var data = new float[threads][];
        for (var i = 0; i < threads; i++)
        {
            data[i] = GC.AllocateArray<float>(48 << 18, pinned: true);
        }

        var best = double.MaxValue;
        for (var i = 0; i < Repeats; i++)
        {
            var next = -1;
            best = Math.Min(best, Parallel(threads, () => Write(data[Interlocked.Increment(ref next)])));
        }

        return threads * (double)(48 << 20) / best / 1e9;
    }

    private const int ChainCount = 12;

    private static double Parallel(int threads, Action work)
    {
        using var start = new Barrier(threads);
        var seconds = new double[threads];
        var all = Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            var from = Stopwatch.GetTimestamp();
            work();
            seconds[i] = Stopwatch.GetElapsedTime(from).TotalSeconds;
        })).ToList();
        all.ForEach(t => t.Start());
        all.ForEach(t => t.Join());
        return seconds.Max();
    }

    // Twelve independent chains hide the latency of a fused multiply-add on two ports.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Chains(int rounds)
    {
        var x = Vector512.Create(0.999f);
        var y = Vector512.Create(1e-6f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (var n = 0; n < rounds; n++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y);
            b = Vector512.MultiplyAddEstimate(b, x, y);
            c = Vector512.MultiplyAddEstimate(c, x, y);
            d = Vector512.MultiplyAddEstimate(d, x, y);
            e = Vector512.MultiplyAddEstimate(e, x, y);
            f = Vector512.MultiplyAddEstimate(f, x, y);
            g = Vector512.MultiplyAddEstimate(g, x, y);
            h = Vector512.MultiplyAddEstimate(h, x, y);
            i = Vector512.MultiplyAddEstimate(i, x, y);
            j = Vector512.MultiplyAddEstimate(j, x, y);
            k = Vector512.MultiplyAddEstimate(k, x, y);
            l = Vector512.MultiplyAddEstimate(l, x, y);
        }

        s_sink = Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Read(float* data, long count)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (var end = data + count; data < end; data += BytesAtOnce / sizeof(float))
        {
            a += Vector512.LoadAligned(data);
            b += Vector512.LoadAligned(data + 16);
            c += Vector512.LoadAligned(data + 32);
            d += Vector512.LoadAligned(data + 48);
        }

        s_sink = Vector512.Sum(a + b + c + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Write(float[] data)
    {
        fixed (float* start = data)
        {
            // Non-temporal stores want whole lines.
            var first = (float*)(((nuint)start + 63) & ~(nuint)63);
            for (var at = first; at + 16 <= start + data.Length; at += 16)
            {
                Vector512.StoreAlignedNonTemporal(Vector512<float>.One, at);
            }
        }
    }

    private static float s_sink;
}
