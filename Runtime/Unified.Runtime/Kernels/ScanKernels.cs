using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Folds along an axis that leave every step: floats are summed in double precision and rounded once an element, integers wrap.</summary>
internal static unsafe class ScanKernels
{
    public static ImmutableArray<DenseKernelRow> Rows { get; } =
    [
        Row(OpCode.CumSum, static (sum, x, _) => sum + x, static (sum, x) => sum + x, 0),
        Row(OpCode.CumProd, static (product, x, _) => product * x, static (product, x) => product * x, 1),
        Row(OpCode.LogCumSumExp, static (log, x, _) => LogAddExp(log, x), null, double.NegativeInfinity),
        Row(OpCode.LinearScan, static (h, a, x) => (a * h) + x, null, 0),
        new(OpCode.ArgCumMax, ArgCumMax),
    ];

    private delegate double Step(double state, double first, double second);

    private delegate long WholeStep(long state, long first);

    private static DenseKernelRow Row(OpCode code, Step step, WholeStep? whole, double start) => new(code, (arrays, attributes) =>
    {
        if (arrays[0].DType.IsFloat())
        {
            Floats(arrays, attributes, step, start);
        }
        else
        {
            Integers(arrays, attributes, whole ?? throw new NotSupportedException($"{code} has no form for {arrays[0].DType.Text()}"), (long)start);
        }
    });

    private static void Floats(ReadOnlySpan<DenseArray> arrays, Attributes attributes, Step step, double start)
    {
        var walk = new AxisWalk(arrays[0].Sizes, attributes);
        var (first, second, state) = (new double[walk.Block], new double[walk.Block], new double[walk.Inner]);
        for (var o = 0L; o < walk.Outer; o++)
        {
            DenseElements.Read(arrays[0], o * walk.Block, first);
            if (arrays.Length > 2)
            {
                DenseElements.Read(arrays[1], o * walk.Block, second);
            }

            Array.Fill(state, start);
            for (var t = 0; t < walk.Count; t++)
            {
                var at = walk.At(t);
                for (var i = 0; i < walk.Inner; i++)
                {
                    first[at + i] = state[i] = step(state[i], first[at + i], second[at + i]);
                }
            }

            DenseElements.Write(arrays[^1], o * walk.Block, first);
        }
    }

    private static void Integers(ReadOnlySpan<DenseArray> arrays, Attributes attributes, WholeStep step, long start)
    {
        var walk = new AxisWalk(arrays[0].Sizes, attributes);
        var (values, state) = (new long[walk.Block], new long[walk.Inner]);
        for (var o = 0L; o < walk.Outer; o++)
        {
            DenseElements.Read(arrays[0], o * walk.Block, values);
            Array.Fill(state, start);
            for (var t = 0; t < walk.Count; t++)
            {
                var at = walk.At(t);
                for (var i = 0; i < walk.Inner; i++)
                {
                    values[at + i] = state[i] = step(state[i], values[at + i]);
                }
            }

            DenseElements.Write(arrays[^1], o * walk.Block, values);
        }
    }

    private static void ArgCumMax(ReadOnlySpan<DenseArray> arrays, Attributes attributes)
    {
        var walk = new AxisWalk(arrays[0].Sizes, attributes.With("reverse", false));
        var (values, places) = (new double[walk.Block], new long[walk.Block]);
        for (var o = 0L; o < walk.Outer; o++)
        {
            DenseElements.Read(arrays[0], o * walk.Block, values);
            for (var i = 0; i < walk.Inner; i++)
            {
                var best = 0;
                for (var t = 0; t < walk.Count; t++)
                {
                    var (x, top) = (values[walk.At(t) + i], values[walk.At(best) + i]);
                    best = x > top || (double.IsNaN(x) && !double.IsNaN(top)) ? t : best;
                    places[walk.At(t) + i] = best;
                }
            }

            DenseElements.Write(arrays[^1], o * walk.Block, places);
        }
    }

    private static double LogAddExp(double x, double y)
    {
        var (high, low) = x >= y ? (x, y) : (y, x);
        return double.IsInfinity(high) && high == low ? high : high + double.LogP1(Math.Exp(low - high));
    }

    /// <summary>The axis of attribute <c>axis</c> within blocks that lie together.</summary>
    private readonly struct AxisWalk
    {
        private readonly bool _reverse;

        public AxisWalk(long[] sizes, Attributes attributes)
        {
            var axis = (int)attributes.Int("axis");
            axis += axis < 0 ? sizes.Length : 0;
            _reverse = attributes.Bool("reverse");
            Outer = DenseElements.Count(sizes.AsSpan(..axis));
            Count = checked((int)sizes[axis]);
            Inner = checked((int)DenseElements.Count(sizes.AsSpan((axis + 1)..)));
        }

        public long Outer { get; }

        public int Count { get; }

        public int Inner { get; }

        public int Block => checked(Count * Inner);

        /// <summary>Where step t of the scan lies in a block.</summary>
        public int At(int t) => (_reverse ? Count - 1 - t : t) * Inner;
    }
}
