namespace Unified.Ir;

/// <summary>
/// Turns blocks with lifetimes into offsets in one arena: largest first, each at the lowest place where it meets no block that is alive
/// at the same time.
/// </summary>
public static class ArenaLayout
{
    public const long Alignment = 64;

    /// <param name="Bytes">Size of the block.</param>
    /// <param name="First">The step that writes it first.</param>
    /// <param name="Last">The step that reads it last.</param>
    public readonly record struct Block(long Bytes, int First, int Last);

    public static (long[] Offsets, long Bytes) Place(IReadOnlyList<Block> blocks)
    {
        var offsets = new long[blocks.Count];
        var placed = new List<int>();
        long total = 0;
        foreach (var i in Enumerable.Range(0, blocks.Count).OrderByDescending(i => blocks[i].Bytes).ThenBy(i => blocks[i].First))
        {
            var block = blocks[i];
            if (block.Bytes == 0)
            {
                continue;
            }

            if (block.Bytes < 0 || block.Last < block.First)
            {
                throw new ArgumentOutOfRangeException(nameof(blocks), $"block {i} has {block.Bytes} bytes from step {block.First} to step {block.Last}");
            }

            long at = 0;

            // `placed` is sorted by offset: walk the neighbours in time and take the first gap that is wide enough.
            foreach (var j in placed)
            {
                var other = blocks[j];
                if (other.Last < block.First || other.First > block.Last)
                {
                    continue;
                }

                if (offsets[j] >= checked(at + block.Bytes))
                {
                    break;
                }

                at = Math.Max(at, RoundUp(offsets[j] + other.Bytes));
            }

            offsets[i] = at;
            total = Math.Max(total, checked(at + block.Bytes));
            var index = placed.FindIndex(j => offsets[j] > at);
            placed.Insert(index < 0 ? placed.Count : index, i);
        }

        return (offsets, RoundUp(total));
    }

    private static long RoundUp(long value) => checked((value + Alignment - 1) / Alignment * Alignment);
}
