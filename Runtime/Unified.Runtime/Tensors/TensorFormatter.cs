using System.Globalization;
using System.Text;
using Unified.Ir;

namespace Unified;

/// <summary>Turns a tensor's values into text as NumPy prints them: nested brackets, aligned columns, long axes cut in the middle.</summary>
internal static class TensorFormatter
{
    private const int EdgeItems = 3;
    private const int Threshold = 1000;
    private const int LineWidth = 120;

    /// <summary>All axes, on several lines.</summary>
    public static string Format(Tensor tensor)
    {
        var summarise = tensor.Size > Threshold;
        var cells = new List<string>();
        Collect(tensor, new int[tensor.Rank], 0, summarise, cells);
        var width = cells.Count == 0 ? 0 : cells.Max(c => c.Length);
        var text = new StringBuilder();
        var next = 0;
        Write(tensor, 0, summarise, cells, ref next, width, text);
        return text.ToString();
    }

    /// <summary>One line: type and the first values.</summary>
    public static string Summary(Tensor tensor)
    {
        if (tensor.IsDisposed)
        {
            return $"{tensor.DType.Text()}{tensor.Shape} (disposed)";
        }

        var index = new int[tensor.Rank];
        var values = new List<string>();
        for (long i = 0; i < Math.Min(tensor.Size, 8); i++)
        {
            var rest = i;
            for (var axis = tensor.Rank - 1; axis >= 0; axis--)
            {
                index[axis] = (int)(rest % tensor.Dims[axis]);
                rest /= tensor.Dims[axis];
            }

            values.Add(Number(tensor.DType, tensor.ElementAt(index)));
        }

        return $"{tensor.DType.Text()}{tensor.Shape} {{{string.Join(", ", values)}{(tensor.Size > 8 ? ", …" : "")}}}";
    }

    private static IEnumerable<int> Visible(int size, bool summarise) =>
        summarise && size > 2 * EdgeItems
            ? Enumerable.Range(0, EdgeItems).Append(-1).Concat(Enumerable.Range(size - EdgeItems, EdgeItems))
            : Enumerable.Range(0, size);

    private static void Collect(Tensor tensor, int[] index, int axis, bool summarise, List<string> cells)
    {
        if (axis == tensor.Rank)
        {
            cells.Add(Number(tensor.DType, tensor.ElementAt(index)));
            return;
        }

        foreach (var i in Visible(tensor.Dims[axis], summarise))
        {
            if (i >= 0)
            {
                index[axis] = i;
                Collect(tensor, index, axis + 1, summarise, cells);
            }
        }
    }

    private static void Write(Tensor tensor, int axis, bool summarise, List<string> cells, ref int next, int width, StringBuilder text)
    {
        if (axis == tensor.Rank)
        {
            text.Append(cells[next++].PadLeft(width));
            return;
        }

        text.Append('[');
        var isRow = axis == tensor.Rank - 1;
        var separator = isRow ? " " : new string('\n', tensor.Rank - 1 - axis) + new string(' ', axis + 1);
        var line = axis + 1;
        var isFirst = true;
        foreach (var i in Visible(tensor.Dims[axis], summarise))
        {
            if (!isFirst)
            {
                text.Append(separator);
            }

            if (isRow && line + width > LineWidth && !isFirst)
            {
                text.Length--;
                text.Append('\n').Append(' ', axis + 1);
                line = axis + 1;
            }

            isFirst = false;
            line += width + 1;
            if (i < 0)
            {
                text.Append('…');
            }
            else
            {
                Write(tensor, axis + 1, summarise, cells, ref next, width, text);
            }
        }

        text.Append(']');
    }

    private static string Number(DType dtype, double value) => dtype switch
    {
        DType.Bool => value != 0 ? "true" : "false",
        DType.F16 or DType.BF16 => value.ToString("G4", CultureInfo.InvariantCulture),
        DType.F32 or DType.F64 => value.ToString("G6", CultureInfo.InvariantCulture),
        _ => value.ToString("F0", CultureInfo.InvariantCulture),
    };
}
