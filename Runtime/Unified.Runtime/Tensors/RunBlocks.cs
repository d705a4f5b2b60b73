namespace Unified;

/// <summary>The runs of a <see cref="StridedWalk"/>, long ones cut into blocks: units that threads can share. A last block is longer, never shorter.</summary>
internal readonly struct RunBlocks(in StridedWalk walk)
{
    private readonly int _inner = walk.Inner;

    /// <summary>How many blocks each run has.</summary>
    public int PerRun { get; } = Math.Max(1, walk.Inner / SharedWork.Block);

    public long Units { get; } = walk.Runs * Math.Max(1, walk.Inner / SharedWork.Block);

    public long Elements { get; } = walk.Runs * walk.Inner;

    public (int Start, int Count) Of(int block)
    {
        var start = block * SharedWork.Block;
        return (start, block == PerRun - 1 ? _inner - start : SharedWork.Block);
    }

    /// <summary>Goes to the run of a unit, and gives the unit's block in it.</summary>
    public int Enter(ref StridedWalk walk, long unit)
    {
        walk.Seek(unit / PerRun);
        return (int)(unit % PerRun);
    }

    /// <summary>Goes on from a block to the next one, which may be the first of the next run.</summary>
    public int Next(ref StridedWalk walk, int block)
    {
        if (++block < PerRun)
        {
            return block;
        }

        walk.Next();
        return 0;
    }

    /// <summary>The elements before a unit.</summary>
    public long Offset(long unit) => (unit / PerRun * _inner) + (unit % PerRun * SharedWork.Block);

    /// <summary>Runs a body over the units, shared where that pays.</summary>
    public void Share(Action<long, long> body) =>
        SharedWork.Run(Units, SharedWork.Pays(Elements) ? Math.Max(1, SharedWork.LeastElements / 4 * Units / Elements) : Units, body);
}
