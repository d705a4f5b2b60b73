using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Unified.Ir;

namespace Unified;

/// <summary>Sum, ReduceMax and ReduceMin. Floats are summed in f64 and rounded once; integers wrap; an extreme of nothing is the type's bound.</summary>
internal static unsafe class ReductionKernels
{
    // Long enough that another thread gains by it.
    private const long Part = 1 << 17;

    /// <summary>Folds [outer, reduced, inner]; from one of the reduced to the next are <paramref name="line"/> elements, which is 1 where rows are folded.</summary>
    private delegate void Fold(byte* x, long outer, long reduced, long inner, long line, byte* result);

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
        Share(fold, layout, x.DType.Bytes(), result.Data);
        return result;
    }

    // Every result is folded by one thread.
    private static void Share(Fold fold, in ReductionLayout layout, int bytes, byte* result)
    {
        const int Columns = 512;
        var (outer, reduced, inner) = (layout.Outer, layout.Reduced, layout.Inner);
        var source = layout.Source.Data;
        if (!SharedWork.Pays(outer * reduced * inner))
        {
            fold(source, outer, reduced, inner, inner, result);
        }
        else if (outer > 1)
        {
            SharedWork.Rows(outer, reduced * inner, (begin, end) =>
                fold(source + (begin * reduced * inner * bytes), end - begin, reduced, inner, inner, result + (begin * inner * bytes)));
        }
        else
        {
            var units = Math.Max(1, inner / Columns);
            SharedWork.Rows(units, reduced * Columns, (begin, end) =>
            {
                var start = begin * Columns;
                fold(source + (start * bytes), 1, reduced, (end == units ? inner : end * Columns) - start, inner, result + (start * bytes));
            });
        }
    }

    // A long row in parts of a fixed length, which threads share; what the parts come to is folded again.
    private static T Parts<T>(T* x, long n, RowFold<T> fold)
        where T : unmanaged
    {
        if (n < 4 * Part)
        {
            return fold(new ReadOnlySpan<T>(x, checked((int)n)));
        }

        var parts = new T[n / Part];
        SharedWork.Rows(parts.Length, Part, (begin, end) =>
        {
            for (var i = begin; i < end; i++)
            {
                var start = i * Part;
                parts[i] = fold(new ReadOnlySpan<T>(x + start, checked((int)((i == parts.Length - 1 ? n : start + Part) - start))));
            }
        });
        return fold(parts);
    }

    private static void SumSingles(byte* x, long outer, long reduced, long inner, long line, byte* result)
    {
        const int Block = 512;
        var source = (float*)x;
        var target = (float*)result;
        var sums = stackalloc double[Block];
        for (var o = 0L; o < outer; o++, source += reduced * line, target += inner)
        {
            if (line == 1)
            {
                *target = (float)SumOfParts(source, reduced);
                continue;
            }

            for (var start = 0L; start < inner; start += Block)
            {
                var n = (int)Math.Min(Block, inner - start);
                new Span<double>(sums, n).Clear();
                for (var r = 0L; r < reduced; r++)
                {
                    Accumulate(source + (r * line) + start, sums, n);
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

    private static void SumDoubles(byte* x, long outer, long reduced, long inner, long line, byte* result)
    {
        var source = (double*)x;
        var target = (double*)result;
        for (var o = 0L; o < outer; o++, source += reduced * line, target += inner)
        {
            if (line == 1)
            {
                *target = Parts(source, reduced, Pairwise);
                continue;
            }

            for (var i = 0L; i < inner; i++)
            {
                target[i] = 0;
            }

            for (var r = 0L; r < reduced; r++)
            {
                var values = source + (r * line);
                for (var i = 0L; i < inner; i++)
                {
                    target[i] += values[i];
                }
            }
        }
    }

    private static double SumOfParts(float* x, long n)
    {
        if (n < 4 * Part)
        {
            return Sum(x, n);
        }

        var parts = new double[n / Part];
        SharedWork.Rows(parts.Length, Part, (begin, end) =>
        {
            for (var i = begin; i < end; i++)
            {
                parts[i] = Sum(x + (i * Part), i == parts.Length - 1 ? n - (i * Part) : Part);
            }
        });
        return Pairwise(parts);
    }

    private static double Pairwise(ReadOnlySpan<double> x)
    {
        fixed (double* first = x)
        {
            return Pairwise(first, x.Length);
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

    private static void SumIntegers<T>(byte* x, long outer, long reduced, long inner, long line, byte* result)
        where T : unmanaged, IBinaryInteger<T> => Each<T>(x, outer, reduced, inner, line, result, T.Zero, static (a, b) => unchecked(a + b));

    private static void Max<T>(byte* x, long outer, long reduced, long inner, long line, byte* result)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
        Extreme(x, outer, reduced, inner, line, result, Bound<T>(false), TensorPrimitives.Max, TensorPrimitives.Max);

    private static void Min<T>(byte* x, long outer, long reduced, long inner, long line, byte* result)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
        Extreme(x, outer, reduced, inner, line, result, Bound<T>(true), TensorPrimitives.Min, TensorPrimitives.Min);

    private static T Bound<T>(bool top)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
        typeof(T) == typeof(float) || typeof(T) == typeof(double)
            ? T.CreateSaturating(top ? double.PositiveInfinity : double.NegativeInfinity)
            : top ? T.MaxValue : T.MinValue;

    private delegate T RowFold<T>(ReadOnlySpan<T> x);

    private static void Extreme<T>(
        byte* x, long outer, long reduced, long inner, long line, byte* result, T bound, RowFold<T> row, BinarySpan<T> column)
        where T : unmanaged
    {
        var source = (T*)x;
        var target = (T*)result;
        for (var o = 0L; o < outer; o++, source += reduced * line, target += inner)
        {
            if (reduced == 0 || inner == 0)
            {
                new Span<T>(target, (int)inner).Fill(bound);
            }
            else if (line == 1)
            {
                *target = Parts(source, reduced, row);
            }
            else
            {
                var sums = new Span<T>(target, checked((int)inner));
                new ReadOnlySpan<T>(source, sums.Length).CopyTo(sums);
                for (var r = 1L; r < reduced; r++)
                {
                    column(sums, new ReadOnlySpan<T>(source + (r * line), sums.Length), sums);
                }
            }
        }
    }

    private static void Each<T>(byte* x, long outer, long reduced, long inner, long line, byte* result, T start, Func<T, T, T> fold)
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
                    sum = fold(sum, source[(((o * reduced) + r) * line) + i]);
                }

                *target++ = sum;
            }
        }
    }
}
