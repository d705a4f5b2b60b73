namespace Unified.Nn.Data;

/// <summary>Ways to put items together into a batch.</summary>
public static class Collate
{
    /// <summary>Tensors of one shape under a new first axis.</summary>
    public static Tensor Stack(IReadOnlyList<Tensor> items) => Ops.Stack(items);

    /// <summary>Numbers as a vector.</summary>
    public static Tensor Vector<T>(IEnumerable<T> items)
        where T : unmanaged
    {
        T[] values = [.. items];
        return Tensor.From<T>(values, values.Length);
    }

    /// <summary>
    /// Sequences of different lengths as [batch, time], filled up behind with the padding. The time is that of the longest one, or of <paramref name="longest"/>,
    /// where longer ones are cut; rounded up to a multiple of <paramref name="multiple"/>.
    /// </summary>
    public static (Tensor Values, Tensor Lengths) Pad<T>(IReadOnlyList<IReadOnlyList<T>> sequences, T padding, int multiple = 1, int longest = int.MaxValue)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(multiple);
        var lengths = sequences.Select(s => Math.Min(s.Count, longest)).ToArray();
        var time = (lengths.DefaultIfEmpty(0).Max() + multiple - 1) / multiple * multiple;
        var values = new T[sequences.Count * time];
        values.AsSpan().Fill(padding);
        for (var i = 0; i < lengths.Length; i++)
        {
            for (var t = 0; t < lengths[i]; t++)
            {
                values[(i * time) + t] = sequences[i][t];
            }
        }

        return (Tensor.From<T>(values, lengths.Length, time), Tensor.From<int>(lengths, lengths.Length));
    }
}
