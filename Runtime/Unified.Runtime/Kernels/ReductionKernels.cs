using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Unified.Ir;

namespace Unified;

/// <summary>Sum, ReduceMax and ReduceMin. Floats are summed in f64 and rounded once; integers wrap; an extreme of nothing is the type's bound.</summary>
internal static unsafe class ReductionKernels
{
    private delegate void Fold(byte* x, long outer, long reduced, long inner, byte* result);

    private static readonly Fold?[] Sums =
    [
        null, SumIntegers<byte>, SumIntegers<sbyte>, SumIntegers<short>, SumIntegers<int>, SumIntegers<long>, null, null, SumSingles, SumDoubles,
    ];

    private static readonly Fold?[] Maxima =
    [
        null, Max<byte>, Max<sbyte>, Max<short>, Max<int>, Max<long>, null, null, Max<float>, Max<double>,
    ];

    private static readonly Fold?[] Minima =
    [
        null, Min<byte>, Min<sbyte>, Min<short>, Min<int>, Min<long>, null, null, Min<float>, Min<double>,
    ];

    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.Sum, HalfPrecision.Lift(static (x, a) => Reduce(x[0], a, Sums))),
        new(OpCode.ReduceMax, HalfPrecision.Lift(static (x, a) => Reduce(x[0], a, Maxima))),
        new(OpCode.ReduceMin, HalfPrecision.Lift(static (x, a) => Reduce(x[0], a, Minima))),
        new(OpCode.Mean, HalfPrecision.Lift(Mean)),
    ];

    /// <summary>The sum of a run, accumulated in f64.</summary>
    public static double Sum(float* x, long n)
    {
        var (a, b, c, d) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        long i = 0;
        for (; i <= n - 32; i += 32)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(x + i));
            a += low;
            b += high;
            (low, high) = Vector512.Widen(Vector512.Load(x + i + 16));
            c += low;
            d += high;
        }

        var sum = Vector512.Sum((a + b) + (c + d));
        for (; i < n; i++)
        {
            sum += x[i];
        }

        return sum;
    }

    private static Tensor? Mean(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var x = operands[0];
        if (!x.DType.IsFloat() || Reduce(x, attributes, Sums) is not { } sum)
        {
            return null;
        }

        var count = x.Size == 0
            ? ReductionLayout.Axes(attributes, x.Rank)!.Value.Aggregate(1L, (n, axis) => n * x.Dims[axis])
            : x.Size / Math.Max(1, sum.Size);
        if (x.DType == DType.F32)
        {
            TensorPrimitives.Divide(sum.Elements<float>(), count, sum.Elements<float>());
        }
        else
        {
            TensorPrimitives.Divide(sum.Elements<double>(), count, sum.Elements<double>());
        }

        return sum;
    }

    private static Tensor? Reduce(Tensor x, Attributes attributes, Fold?[] folds)
    {
        if (folds[(int)x.DType] is not { } fold || ReductionLayout.Axes(attributes, x.Rank) is not { } axes)
        {
            return null;
        }

        using var layout = new ReductionLayout(x, axes, attributes.Bool("keepDims"));
        var result = new Tensor(x.DType, layout.ResultDims);
        fold(layout.Source.Data, layout.Outer, layout.Reduced, layout.Inner, result.Data);
        return result;
    }

    private static void SumSingles(byte* x, long outer, long reduced, long inner, byte* result)
    {
        const int Block = 512;
        var source = (float*)x;
        var target = (float*)result;
        var sums = stackalloc double[Block];
        for (var o = 0L; o < outer; o++, source += reduced * inner, target += inner)
        {
            if (inner == 1)
            {
                *target = (float)Sum(source, reduced);
                continue;
            }

            for (var start = 0L; start < inner; start += Block)
            {
                var n = (int)Math.Min(Block, inner - start);
                new Span<double>(sums, n).Clear();
                for (var r = 0L; r < reduced; r++)
                {
                    Accumulate(source + (r * inner) + start, sums, n);
                }

                for (var i = 0; i < n; i++)
                {
                    target[start + i] = (float)sums[i];
                }
            }
        }
    }

    private static void Accumulate(float* x, double* sums, int n)
    {
        var i = 0;
        for (; i <= n - 16; i += 16)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(x + i));
            (Vector512.Load(sums + i) + low).Store(sums + i);
            (Vector512.Load(sums + i + 8) + high).Store(sums + i + 8);
        }

        for (; i < n; i++)
        {
            sums[i] += x[i];
        }
    }

    private static void SumDoubles(byte* x, long outer, long reduced, long inner, byte* result)
    {
        var source = (double*)x;
        var target = (double*)result;
        for (var o = 0L; o < outer; o++, source += reduced * inner, target += inner)
        {
            if (inner == 1)
            {
                *target = Pairwise(source, reduced);
                continue;
            }

            for (var i = 0L; i < inner; i++)
            {
                target[i] = 0;
            }

            for (var r = 0L; r < reduced; r++)
            {
                var line = source + (r * inner);
                for (var i = 0L; i < inner; i++)
                {
                    target[i] += line[i];
                }
            }
        }
    }

    private static double Pairwise(double* x, long n)
    {
        if (n <= 256)
        {
            return TensorPrimitives.Sum(new ReadOnlySpan<double>(x, (int)n));
        }

        var half = n / 2 / 64 * 64;
        return Pairwise(x, half) + Pairwise(x + half, n - half);
    }

    private static void SumIntegers<T>(byte* x, long outer, long reduced, long inner, byte* result)
        where T : unmanaged, IBinaryInteger<T> => Each<T>(x, outer, reduced, inner, result, T.Zero, static (a, b) => unchecked(a + b));

    private static void Max<T>(byte* x, long outer, long reduced, long inner, byte* result)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
        Extreme(x, outer, reduced, inner, result, Bound<T>(false), TensorPrimitives.Max, TensorPrimitives.Max);

    private static void Min<T>(byte* x, long outer, long reduced, long inner, byte* result)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
        Extreme(x, outer, reduced, inner, result, Bound<T>(true), TensorPrimitives.Min, TensorPrimitives.Min);

    private static T Bound<T>(bool top)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
        typeof(T) == typeof(float) || typeof(T) == typeof(double)
            ? T.CreateSaturating(top ? double.PositiveInfinity : double.NegativeInfinity)
            : top ? T.MaxValue : T.MinValue;

    private delegate T RowFold<T>(ReadOnlySpan<T> x);

    private static void Extreme<T>(
        byte* x, long outer, long reduced, long inner, byte* result, T bound, RowFold<T> row, BinarySpan<T> column)
        where T : unmanaged
    {
        var source = (T*)x;
        var target = (T*)result;
        for (var o = 0L; o < outer; o++, source += reduced * inner, target += inner)
        {
            if (reduced == 0 || inner == 0)
            {
                new Span<T>(target, (int)inner).Fill(bound);
            }
            else if (inner == 1)
            {
                *target = row(new ReadOnlySpan<T>(source, checked((int)reduced)));
            }
            else
            {
                var line = new Span<T>(target, checked((int)inner));
                new ReadOnlySpan<T>(source, line.Length).CopyTo(line);
                for (var r = 1L; r < reduced; r++)
                {
                    column(line, new ReadOnlySpan<T>(source + (r * inner), line.Length), line);
                }
            }
        }
    }

    private static void Each<T>(byte* x, long outer, long reduced, long inner, byte* result, T start, Func<T, T, T> fold)
        where T : unmanaged
    {
        var source = (T*)x;
        var target = (T*)result;
        for (var o = 0L; o < outer; o++)
        {
            for (var i = 0L; i < inner; i++)
            {
                var sum = start;
                for (var r = 0L; r < reduced; r++)
                {
                    sum = fold(sum, source[(((o * reduced) + r) * inner) + i]);
                }

                *target++ = sum;
            }
        }
    }
}
