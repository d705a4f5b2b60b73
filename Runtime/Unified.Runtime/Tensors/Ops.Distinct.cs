using Unified.Ir;

namespace Unified;

/// <summary>What has a size that only the values say: it runs eagerly, and a static graph that calls it is an error while typing.</summary>
public static partial class Ops
{
    /// <summary>
    /// The different elements of x in rising order (all NaN are one, the last); for each element of x the place of its value, in x's shape, i64; and how often each
    /// comes, i64. Where a static graph needs them, count what lies below a known bound with <see cref="BinCount"/>.
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
