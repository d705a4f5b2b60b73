using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Unified.Native.Os;

namespace Unified.Benchmarks.Measuring;

/// <summary>
/// A plain program that moves as many bytes as a work must: reads them, or copies them where the work writes as many. It takes its turn among those who do the work, for
/// bandwidth may change within a second, and what a cache still holds of so many bytes counts for both.
/// </summary>
internal sealed unsafe class Streams : IContender
{
    // What is written beyond it goes past the caches.
    private const long LastCacheBytes = 32 << 20;
    private const int HugePage = 2 << 20, FloatsAtOnce = 64;

    private static float s_sink;

    private readonly int _threads;
    private readonly nint _share;
    private readonly bool _passesCaches;
    private float* _from, _to;

    /// <param name="threads">All at once, each its share.</param>
    /// <param name="bytes">That are read.</param>
    /// <param name="writes">Whether as many are written.</param>
    public Streams(int threads, double bytes, bool writes)
    {
        (_threads, _passesCaches) = (threads, bytes > LastCacheBytes);
        _share = (nint)(bytes / sizeof(float) / threads / FloatsAtOnce) * FloatsAtOnce;
        _from = Allocate();
        _to = writes ? Allocate() : null;
    }

    public string Name => "streams";

    public double Run(int times) => 1000 * AllThreads.Seconds(_threads, t =>
    {
        for (var n = 0; n < times; n++)
        {
            if (_to is null)
            {
                Read(_from + (t * _share), _share);
            }
            else if (_passesCaches)
            {
                CopyPast(_from + (t * _share), _to + (t * _share), _share);
            }
            else
            {
                Copy(_from + (t * _share), _to + (t * _share), _share);
            }
        }
    });

    public void Dispose()
    {
        NativeMemory.AlignedFree(_from);
        NativeMemory.AlignedFree(_to);
        _from = null;
        _to = null;
    }

    private float* Allocate()
    {
        var size = (nuint)(_share * _threads * sizeof(float));
        var block = (float*)NativeMemory.AlignedAlloc(size, HugePage);
        PageMemory.AdviseHuge((byte*)block, size / HugePage * HugePage);
        NativeMemory.Clear(block, size);
        return block;
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
    private static void CopyPast(float* from, float* to, nint count)
    {
        for (nint i = 0; i < count; i += FloatsAtOnce)
        {
            var (a, b) = (Vector512.LoadAligned(from + i), Vector512.LoadAligned(from + i + 16));
            var (c, d) = (Vector512.LoadAligned(from + i + 32), Vector512.LoadAligned(from + i + 48));
            a.StoreAlignedNonTemporal(to + i);
            b.StoreAlignedNonTemporal(to + i + 16);
            c.StoreAlignedNonTemporal(to + i + 32);
            d.StoreAlignedNonTemporal(to + i + 48);
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
