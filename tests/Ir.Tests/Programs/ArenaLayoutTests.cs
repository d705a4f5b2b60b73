namespace Unified.Ir.Tests;

public class ArenaLayoutTests
{
    [Fact]
    public void Blocks_alive_together_never_overlap()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var steps = random.Next(1, 30);
            var blocks = Enumerable.Range(0, random.Next(0, 40)).Select(_ =>
            {
                var first = random.Next(steps);
                var bytes = random.Next(5) switch { 0 => 0, 1 => random.Next(1, 64), 2 => 64 * random.Next(1, 9), _ => random.Next(1, 100_000) };
                return new ArenaLayout.Block(bytes, first, random.Next(first, steps));
            }).ToList();
            var (offsets, total) = ArenaLayout.Place(blocks);
            for (var i = 0; i < blocks.Count; i++)
            {
                Assert.Equal(0, offsets[i] % ArenaLayout.Alignment);
                Assert.InRange(offsets[i] + blocks[i].Bytes, 0, total);
                for (var j = 0; j < i; j++)
                {
                    var together = blocks[i].First <= blocks[j].Last && blocks[j].First <= blocks[i].Last;
                    var apart = offsets[i] + blocks[i].Bytes <= offsets[j] || offsets[j] + blocks[j].Bytes <= offsets[i];
                    Assert.True(!together || apart || blocks[i].Bytes == 0 || blocks[j].Bytes == 0, $"seed {seed}: blocks {j} and {i} overlap");
                }
            }

            var most = Enumerable.Range(0, steps).Max(s => blocks.Where(b => b.First <= s && s <= b.Last).Sum(b => b.Bytes));
            Assert.InRange(most, 0, total);
            Assert.Equal(0, total % ArenaLayout.Alignment);
        }
    }

    [Fact]
    public void Memory_is_used_again()
    {
        // A chain: each block lives with the one before it only.
        var chain = Enumerable.Range(0, 50).Select(i => new ArenaLayout.Block(1024, i, i + 1)).ToList();
        Assert.Equal(2048, ArenaLayout.Place(chain).Bytes);
    }

    [Fact]
    public void Nothing_needs_nothing()
    {
        Assert.Equal(0, ArenaLayout.Place([]).Bytes);
        Assert.Equal(0, ArenaLayout.Place([new(0, 0, 3), new(0, 1, 1)]).Bytes);
    }

    [Fact]
    public void Impossible_blocks_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ArenaLayout.Place([new(-1, 0, 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ArenaLayout.Place([new(1, 2, 1)]));
        Assert.Throws<OverflowException>(() => ArenaLayout.Place([new(long.MaxValue - 10, 0, 0), new(100, 0, 0)]));
    }
}
