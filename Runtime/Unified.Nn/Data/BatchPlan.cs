namespace Unified.Nn.Data;

/// <summary>Which items make a batch. The same epoch gives the same batches each time: so a loader can go on in the middle of one.</summary>
public abstract class BatchPlan
{
    private protected BatchPlan(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        Size = size;
    }

    /// <summary>Items of a whole batch.</summary>
    public int Size { get; }

    /// <summary>Leave out a last batch that is not whole.</summary>
    public bool DropsLast { get; init; }

    /// <summary>The numbers of the items of each batch.</summary>
    public abstract IReadOnlyList<int[]> Batches(int epoch);

    private protected IReadOnlyList<int[]> Cut(IEnumerable<int> order) => [.. order.Chunk(Size).Where(b => !DropsLast || b.Length == Size)];
}

/// <summary>One item after the other.</summary>
public sealed class InOrder(int count, int size) : BatchPlan(size)
{
    public override IReadOnlyList<int[]> Batches(int epoch) => Cut(Enumerable.Range(0, count));
}

/// <summary>In an order of each epoch's own.</summary>
public sealed class Shuffled(int count, int size, long seed) : BatchPlan(size)
{
    public override IReadOnlyList<int[]> Batches(int epoch) => Cut(Shuffling.Order(count, Shuffling.Mix(seed, epoch)));
}

/// <summary>Drawn with replacement, each item as often as its weight says: as many as there are.</summary>
public sealed class Weighted : BatchPlan
{
    private readonly double[] _sums;
    private readonly long _seed;

    public Weighted(IReadOnlyList<double> weights, int size, long seed)
        : base(size)
    {
        if (weights.Any(w => !(w >= 0)) || !(weights.Sum() > 0))
        {
            throw new ArgumentException("weights are 0 or more, and one is more", nameof(weights));
        }

        _seed = seed;
        _sums = new double[weights.Count];
        var sum = 0.0;
        for (var i = 0; i < weights.Count; i++)
        {
            _sums[i] = sum += weights[i];
        }
    }

    public override IReadOnlyList<int[]> Batches(int epoch)
    {
        var state = (ulong)Shuffling.Mix(_seed, epoch);
        var drawn = new int[_sums.Length];
        for (var i = 0; i < drawn.Length; i++)
        {
            var place = Array.BinarySearch(_sums, Shuffling.Uniform(ref state) * _sums[^1]);
            drawn[i] = Math.Min(place < 0 ? ~place : place + 1, _sums.Length - 1);
        }

        return Cut(drawn);
    }
}

/// <summary>
/// Items of similar length together, so that little is padded: shuffled, cut into pools of so many batches, sorted by length in each; the batches
/// are shuffled in the end.
/// </summary>
public sealed class Bucketed(IReadOnlyList<int> lengths, int size, long seed, int pool = 50) : BatchPlan(size)
{
    public override IReadOnlyList<int[]> Batches(int epoch)
    {
        var order = Shuffling.Order(lengths.Count, Shuffling.Mix(seed, epoch));
        var batches = order.Chunk(checked(Size * pool)).SelectMany(p => Cut(p.OrderBy(i => lengths[i]))).ToArray();
        Shuffling.Shuffle<int[]>(batches, Shuffling.Mix(seed, ~(long)epoch));
        return batches;
    }
}
