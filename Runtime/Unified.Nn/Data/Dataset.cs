using System.Collections;

namespace Unified.Nn.Data;

/// <summary>Items by number, each made when it is asked for; asked from several threads at once by a loader with workers.</summary>
/// <typeparam name="T">What an item is: a record of tensors, a line, an array of numbers.</typeparam>
public abstract class Dataset<T> : IReadOnlyList<T>
{
    public abstract int Count { get; }

    public abstract T this[int index] { get; }

    /// <summary>Each item changed.</summary>
    public Dataset<TResult> Map<TResult>(Func<T, TResult> change) => Dataset.Of(Count, i => change(this[i]));

    /// <summary>The items that are meant. All are looked at once, now.</summary>
    public Dataset<T> Filter(Func<T, bool> isMeant) => Select([.. Enumerable.Range(0, Count).Where(i => isMeant(this[i]))]);

    /// <summary>The items of these numbers, in their order.</summary>
    public Dataset<T> Select(IReadOnlyList<int> indices)
    {
        if (indices.Where(i => i < 0 || i >= Count).Select(i => (int?)i).FirstOrDefault() is { } outside)
        {
            throw new ArgumentOutOfRangeException(nameof(indices), outside, $"the data set has {Count} items");
        }

        return Dataset.Of(indices.Count, i => this[indices[i]]);
    }

    /// <summary>Pairs of items of the same number; as many as the shorter set has.</summary>
    public Dataset<(T First, TOther Second)> Zip<TOther>(Dataset<TOther> other) => Dataset.Of(Math.Min(Count, other.Count), i => (this[i], other[i]));

    /// <summary>These items, then the others.</summary>
    public Dataset<T> Concat(Dataset<T> other) => Dataset.Of(Count + other.Count, i => i < Count ? this[i] : other[i - Count]);

    /// <summary>All items so many times.</summary>
    public Dataset<T> Repeat(int times) => Dataset.Of(checked(Count * times), i => this[i % Count]);

    /// <summary>Items from a start, at most so many.</summary>
    public Dataset<T> Slice(int start, int count = int.MaxValue) => Dataset.Of(Math.Clamp(Count - start, 0, count), i => this[start + i]);

    /// <summary>Two parts by chance, the first with the given share of the items.</summary>
    public (Dataset<T> First, Dataset<T> Second) Split(double share, long seed)
    {
        var order = Shuffling.Order(Count, seed);
        var first = (int)Math.Round(Count * Math.Clamp(share, 0, 1));
        return (Select(order[..first]), Select(order[first..]));
    }

    /// <summary>Makes every item once and keeps it.</summary>
    public Dataset<T> Cache()
    {
        var (items, isMade, locks) = (new T[Count], new bool[Count], Enumerable.Range(0, Count).Select(_ => new Lock()).ToArray());
        return Dataset.Of(items.Length, i =>
        {
            lock (locks[i])
            {
                if (!isMade[i])
                {
                    (items[i], isMade[i]) = (this[i], true);
                }

                return items[i];
            }
        });
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Data sets from what is there.</summary>
public static class Dataset
{
    /// <summary>So many items, each made by its number.</summary>
    public static Dataset<T> Of<T>(int count, Func<int, T> make) => new Made<T>(count, make);

    public static Dataset<T> Of<T>(IReadOnlyList<T> items) => new Made<T>(items.Count, i => items[i]);

    /// <summary>The rows of a tensor: item i is <c>rows[i]</c>, which shares its memory.</summary>
    public static Dataset<Tensor> OfRows(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Rank > 0 ? Of(rows.Shape[0], i => rows[i]) : throw new ArgumentException("a single number has no rows", nameof(rows));
    }

    private sealed class Made<T>(int count, Func<int, T> make) : Dataset<T>
    {
        public override int Count => count;

        public override T this[int index] => (uint)index < (uint)count
            ? make(index)
            : throw new ArgumentOutOfRangeException(nameof(index), index, $"the data set has {count} items");
    }
}
