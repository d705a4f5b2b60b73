using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Unified;

/// <summary>
/// The innermost product of <see cref="Gemm"/>: a tile of 12 rows by two vectors, held in 24 registers while it runs along the
/// packed panels. f32 and f64.
/// </summary>
internal static unsafe class GemmTile
{
    public const int Rows = 12;

    /// <summary>The width of a tile: 32 f32 or 16 f64.</summary>
    public static int Columns<T>()
        where T : unmanaged => 2 * Vector512<T>.Count;

    /// <summary>c = a·b, or c += a·b.</summary>
    /// <param name="depth">The length of the summed axis.</param>
    /// <param name="a">Depth × 12, packed.</param>
    /// <param name="b">Depth × columns, packed.</param>
    /// <param name="c">The tile's first element.</param>
    /// <param name="stride">From row to row of c.</param>
    /// <param name="accumulate">Adds to what is in c.</param>
    public static void Run<T>(int depth, T* a, T* b, T* c, long stride, bool accumulate)
        where T : unmanaged
    {
        var width = Vector512<T>.Count;
        var (l0, r0) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l1, r1) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l2, r2) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l3, r3) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l4, r4) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l5, r5) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l6, r6) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l7, r7) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l8, r8) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l9, r9) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l10, r10) = (Vector512<T>.Zero, Vector512<T>.Zero);
        var (l11, r11) = (Vector512<T>.Zero, Vector512<T>.Zero);
        for (var k = 0; k < depth; k++)
        {
            var left = Vector512.Load(b);
            var right = Vector512.Load(b + width);
            var a0 = Vector512.Create(a[0]);
            l0 = MultiplyAdd(a0, left, l0);
            r0 = MultiplyAdd(a0, right, r0);
            var a1 = Vector512.Create(a[1]);
            l1 = MultiplyAdd(a1, left, l1);
            r1 = MultiplyAdd(a1, right, r1);
            var a2 = Vector512.Create(a[2]);
            l2 = MultiplyAdd(a2, left, l2);
            r2 = MultiplyAdd(a2, right, r2);
            var a3 = Vector512.Create(a[3]);
            l3 = MultiplyAdd(a3, left, l3);
            r3 = MultiplyAdd(a3, right, r3);
            var a4 = Vector512.Create(a[4]);
            l4 = MultiplyAdd(a4, left, l4);
            r4 = MultiplyAdd(a4, right, r4);
            var a5 = Vector512.Create(a[5]);
            l5 = MultiplyAdd(a5, left, l5);
            r5 = MultiplyAdd(a5, right, r5);
            var a6 = Vector512.Create(a[6]);
            l6 = MultiplyAdd(a6, left, l6);
            r6 = MultiplyAdd(a6, right, r6);
            var a7 = Vector512.Create(a[7]);
            l7 = MultiplyAdd(a7, left, l7);
            r7 = MultiplyAdd(a7, right, r7);
            var a8 = Vector512.Create(a[8]);
            l8 = MultiplyAdd(a8, left, l8);
            r8 = MultiplyAdd(a8, right, r8);
            var a9 = Vector512.Create(a[9]);
            l9 = MultiplyAdd(a9, left, l9);
            r9 = MultiplyAdd(a9, right, r9);
            var a10 = Vector512.Create(a[10]);
            l10 = MultiplyAdd(a10, left, l10);
            r10 = MultiplyAdd(a10, right, r10);
            var a11 = Vector512.Create(a[11]);
            l11 = MultiplyAdd(a11, left, l11);
            r11 = MultiplyAdd(a11, right, r11);
            a += Rows;
            b += 2 * width;
        }

        Store(c, l0, r0, accumulate);
        Store(c + (1 * stride), l1, r1, accumulate);
        Store(c + (2 * stride), l2, r2, accumulate);
        Store(c + (3 * stride), l3, r3, accumulate);
        Store(c + (4 * stride), l4, r4, accumulate);
        Store(c + (5 * stride), l5, r5, accumulate);
        Store(c + (6 * stride), l6, r6, accumulate);
        Store(c + (7 * stride), l7, r7, accumulate);
        Store(c + (8 * stride), l8, r8, accumulate);
        Store(c + (9 * stride), l9, r9, accumulate);
        Store(c + (10 * stride), l10, r10, accumulate);
        Store(c + (11 * stride), l11, r11, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(T* c, Vector512<T> left, Vector512<T> right, bool accumulate)
        where T : unmanaged
    {
        if (accumulate)
        {
            left += Vector512.Load(c);
            right += Vector512.Load(c + Vector512<T>.Count);
        }

        left.Store(c);
        right.Store(c + Vector512<T>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> MultiplyAdd<T>(Vector512<T> a, Vector512<T> b, Vector512<T> sum)
        where T : unmanaged => typeof(T) == typeof(float)
            ? Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), sum.AsSingle()).As<float, T>()
            : Vector512.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), sum.AsDouble()).As<double, T>();
}
