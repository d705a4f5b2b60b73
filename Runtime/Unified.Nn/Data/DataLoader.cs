using System.Collections;
using System.Runtime.CompilerServices;

namespace Unified.Nn.Data;

/// <summary>Where a loader stands: saved with a checkpoint, it goes on with the same batches.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Batch">How many batches of the epoch were handed out.</param>
public readonly record struct LoaderPosition(int Epoch, int Batch);

/// <summary>
/// Batches of a data set. Each enumeration is the rest of the present epoch; when it is through, the next epoch begins. With workers, items are made and
/// batches put together ahead on the thread pool, never more than <see cref="Ahead"/> of them; their order does not depend on it.
/// </summary>
/// <typeparam name="T">An item.</typeparam>
/// <typeparam name="TBatch">A batch. Batches that were made ahead and not handed out are disposed of if they are disposable.</typeparam>
public sealed class DataLoader<T, TBatch> : IEnumerable<TBatch>
{
    private readonly Dataset<T> _data;
    private readonly BatchPlan _plan;
    private readonly Func<IReadOnlyList<T>, TBatch> _collate;

    /// <param name="data">The items.</param>
    /// <param name="plan">Which of them make a batch.</param>
    /// <param name="collate">Puts a batch together; see <see cref="Collate"/>.</param>
    public DataLoader(Dataset<T> data, BatchPlan plan, Func<IReadOnlyList<T>, TBatch> collate) => (_data, _plan, _collate) = (data, plan, collate);

    /// <summary>Batches worked on at once; 0: each when it is asked for, on the caller's thread.</summary>
    public int Workers { get; init; }

    /// <summary>The most batches ready or in work with workers.</summary>
    public int Ahead { get; init; } = 4;

    /// <summary>
    /// Changes items by chance, such as a crop. The numbers it gets follow from the seed, the epoch and the item's number, however many workers there are.
    /// </summary>
    public Func<T, Random, T>? Augment { get; init; }

    public long Seed { get; init; }

    public LoaderPosition Position { get; set; }

    /// <summary>Batches of the present epoch.</summary>
    public int BatchCount => _plan.Batches(Position.Epoch).Count;

    public IEnumerator<TBatch> GetEnumerator()
    {
        var (epoch, first) = Position;
        var batches = _plan.Batches(epoch);
        using var ahead = new WorkAhead<TBatch>(Workers, Workers > 0 ? Math.Max(1, Ahead) : 1, batches.Count - first, i => Make(batches[first + i], epoch));
        for (var i = first; i < batches.Count; i++)
        {
            var batch = ahead.Next();
            Position = new LoaderPosition(epoch, i + 1);
            yield return batch;
        }

        Position = new LoaderPosition(epoch + 1, 0);
    }

    /// <summary>The rest of the present epoch, for <c>await foreach</c>; always made on the thread pool.</summary>
    public async IAsyncEnumerable<TBatch> Async([EnumeratorCancellation] CancellationToken cancel = default)
    {
        var (epoch, first) = Position;
        var batches = _plan.Batches(epoch);
        using var ahead = new WorkAhead<TBatch>(Math.Max(1, Workers), Math.Max(1, Ahead), batches.Count - first, i => Make(batches[first + i], epoch));
        for (var i = first; i < batches.Count; i++)
        {
            var batch = await ahead.NextAsync(cancel).ConfigureAwait(false);
            Position = new LoaderPosition(epoch, i + 1);
            yield return batch;
        }

        Position = new LoaderPosition(epoch + 1, 0);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private TBatch Make(int[] indices, int epoch)
    {
        var items = new T[indices.Length];
        for (var i = 0; i < items.Length; i++)
        {
            var item = _data[indices[i]];
            items[i] = Augment is null ? item : Augment(item, new Random((int)Shuffling.Mix(Shuffling.Mix(Seed, epoch), indices[i])));
        }

        return _collate(items);
    }
}
