using Unified.Ir;

namespace Unified;

/// <summary>What has a size that only the values say: it runs eagerly, and a static graph that calls it without a size is an error while typing.</summary>
public static partial class Ops
{
    /// <summary>
    /// The different elements of x in rising order (all NaN are one, the last); for each element of x the place of its value, in x's shape, i64; and how often each
    /// comes, i64. A static graph gives a size: <see cref="Unique(Tensor, int, double)"/>.
    /// </summary>
    [Eager]
    public static (Tensor Values, Tensor Inverse, Tensor Counts) Unique(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var isFloat = x.DType.IsFloat();
        using var wide = Cast(x, isFloat ? DType.F64 : DType.I64);
        return isFloat
            ? Unique(x, wide.ToArray<double>(), static (a, b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b))
            : Unique(x, wide.ToArray<long>(), static (a, b) => a.CompareTo(b));
    }

    /// <summary>The places of the elements that are not 0 (or false), one row of indices each, in the order of the elements: [count, rank], i64.</summary>
    [Eager]
    public static Tensor Nonzero(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var isSet = x.DType == DType.Bool ? Cast(x, DType.I64) : Cast(NotEqual(x, 0.0), DType.I64);
        var places = new List<long>();
        var count = 0;
        foreach (var (i, set) in isSet.ToArray<long>().Index())
        {
            if (set == 0)
            {
                continue;
            }

            count++;
            var rest = (long)i;
            var row = new long[x.Rank];
            for (var axis = x.Rank - 1; axis >= 0; axis--)
            {
                (rest, row[axis]) = Math.DivRem(rest, (long)x.Shape[axis]);
            }

            places.AddRange(row);
        }

        return Tensor.From<long>([.. places], count, x.Rank);
    }

    /// <summary>The different elements of x in rising order, as <see cref="Unique(Tensor)"/> has them: the first so many of them, or all and behind them a number. Static graphs may call it.</summary>
    /// <param name="x">Of any shape and dtype of numbers but i64.</param>
    /// <param name="size">How many elements the result has.</param>
    /// <param name="fill">What stands where there are fewer.</param>
    [Op(OpCode.DistinctValues)]
    public static Tensor Unique(Tensor x, int size, double fill = 0) =>
        Eager.Apply(OpCode.DistinctValues, Attributes.Empty.With("size", (long)size).With("fill", fill), x);

    /// <summary>How often each of the first <paramref name="size"/> of <see cref="Unique(Tensor, int, double)"/> comes in x, i64; 0 behind the last.</summary>
    [Op(OpCode.DistinctCounts)]
    public static Tensor UniqueCounts(Tensor x, int size) => Eager.Apply(OpCode.DistinctCounts, Attributes.Empty.With("size", (long)size), x);

    /// <summary>For each element of x the place of its value among the different ones in rising order, i64, in x's shape.</summary>
    [Op(OpCode.DistinctPlaces)]
    public static Tensor UniquePlaces(Tensor x) => Eager.Apply(OpCode.DistinctPlaces, Attributes.Empty, x);

    /// <summary>As <see cref="Nonzero(Tensor)"/>, the first so many places, or all and behind them rows of a number: [size, rank], i64. Static graphs may call it.</summary>
    [Op(OpCode.NonzeroPlaces)]
    public static Tensor Nonzero(Tensor x, int size, int fill = -1) =>
        Eager.Apply(OpCode.NonzeroPlaces, Attributes.Empty.With("size", (long)size).With("fill", (long)fill), x);

    private static (Tensor Values, Tensor Inverse, Tensor Counts) Unique<T>(Tensor x, T[] elements, Comparison<T> order)
        where T : unmanaged
    {
        var places = Enumerable.Range(0, elements.Length).ToArray();
        Array.Sort(places, (i, j) => order(elements[i], elements[j]));
        var (values, counts, inverse) = (new List<T>(), new List<long>(), new long[elements.Length]);
        foreach (var place in places)
        {
            if (values.Count == 0 || order(values[^1], elements[place]) != 0)
            {
                values.Add(elements[place]);
                counts.Add(0);
            }

            counts[^1]++;
            inverse[place] = values.Count - 1;
        }

        using var wide = Tensor.From<T>([.. values]);
        return (Cast(wide, x.DType), Reshape(Tensor.From<long>(inverse), x.Shape), Tensor.From<long>([.. counts]));
    }
}
