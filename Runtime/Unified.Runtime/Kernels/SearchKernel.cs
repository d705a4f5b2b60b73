using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Where values belong in sorted rows, by halving. A NaN comes before nothing, and nothing before it: its place is 0.</summary>
internal static class SearchKernel
{
    public static ImmutableArray<DenseKernelRow> Rows { get; } = [new(OpCode.SearchSorted, Search)];

    private static void Search(ReadOnlySpan<DenseArray> arrays, Attributes attributes)
    {
        var (sorted, values) = (arrays[0], arrays[1]);
        var count = checked((int)sorted.Sizes[^1]);
        var rows = DenseElements.Count(sorted.Sizes.AsSpan(..^1));
        var total = DenseElements.Count(values.Sizes);
        var each = rows == 0 ? 0 : checked((int)(total / rows));
        var (row, wanted, places) = (new double[count], new double[each], new long[each]);
        for (var r = 0L; r < rows; r++)
        {
            DenseElements.Read(sorted, r * count, row);
            DenseElements.Read(values, r * each, wanted);
            for (var i = 0; i < each; i++)
            {
                places[i] = Place(row, wanted[i], attributes.Bool("right"));
            }

            DenseElements.Write(arrays[2], r * each, places);
        }
    }

    private static int Place(double[] row, double value, bool right)
    {
        var (low, high) = (0, row.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (right ? row[middle] <= value : row[middle] < value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
