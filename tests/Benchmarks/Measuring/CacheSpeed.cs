using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Unified.Benchmarks.Measuring;

/// <summary>How long the caches take to give a work's input and to take its output, where both lie in them: a plain copy of as much, or reading it.</summary>
internal static unsafe class CacheSpeed
{
    private const int Repeats = 5, FloatsAtOnce = 64;
    private const long FloatsInAll = 8_000_000;

    private static float s_sink;

    /// <summary>All threads at once, each its share; best of several tries.</summary>
    public static double Milliseconds(int threads, double bytes, bool writes)
    {
        var share = (nint)(bytes / sizeof(float) / threads / FloatsAtOnce) * FloatsAtOnce;
        var size = (nuint)(share * threads * sizeof(float));
        var from = (float*)NativeMemory.AlignedAlloc(size, 4096);
        var to = (float*)NativeMemory.AlignedAlloc(size, 4096);
        NativeMemory.Clear(from, size);
        NativeMemory.Clear(to, size);
        var times = Math.Max(4, FloatsInAll / share);
        var best = double.MaxValue;
        for (var i = 0; i < Repeats; i++)
        {
            best = Math.Min(best, AllThreads.Seconds(threads, t =>
            {
                for (var n = 0; n < times; n++)
                {
                    if (writes)
                    {
                        Copy(from + (t * share), to + (t * share), share);
                    }
                    else
                    {
                        Read(from + (t * share), share);
                    }
                }
            }));
        }

        NativeMemory.AlignedFree(from);
        NativeMemory.AlignedFree(to);
        return best / times * 1000;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Copy(float* from, float* to, nint count)
    {
        for (nint i = 0; i < count; i += FloatsAtOnce)
        {
            var (a, b) = (Vector512.LoadAligned(from + i), Vector512.LoadAligned(from + i + 16));
            var (c, d) = (Vector512.LoadAligned(from + i + 32), Vector512.LoadAligned(from + i + 48));
            a.StoreAligned(to + i);
            b.StoreAligned(to + i + 16);
            c.StoreAligned(to + i + 32);
            d.StoreAligned(to + i + 48);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Read(float* from, nint count)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (nint i = 0; i < count; i += FloatsAtOnce)
        {
            a += Vector512.LoadAligned(from + i);
            b += Vector512.LoadAligned(from + i + 16);
            c += Vector512.LoadAligned(from + i + 32);
            d += Vector512.LoadAligned(from + i + 48);
        }

        s_sink = Vector512.Sum(a + b + c + d);
    }
}
