namespace Unified.Tests;

public sealed unsafe class BlockRegionsTests
{
    private const long Granule = BlockRegions.Region.Granule;

    [Fact]
    public void Blocks_that_are_held_at_once_do_not_overlap_and_regions_go_back_with_their_last_block()
    {
        var regions = new BlockRegions();
        var random = new Random(5);
        List<(nint Block, long Bytes, byte Mark)> held = [];
        for (var step = 0; step < 2000; step++)
        {
            if (held.Count > 0 && random.Next(5) < 2)
            {
                var at = random.Next(held.Count);
                RequireMark(held[at]);
                regions.Return(held[at].Block, held[at].Bytes);
                held.RemoveAt(at);
                continue;
            }

            var bytes = Granule * random.Next(8, 400);
            var entry = (Block: regions.Rent(bytes), Bytes: bytes, Mark: (byte)step);
            *(byte*)entry.Block = *(byte*)(entry.Block + (nint)bytes - 1) = entry.Mark;
            held.Add(entry);
        }

        Assert.True(regions.Count > 2);
        foreach (var entry in held)
        {
            RequireMark(entry);
            regions.Return(entry.Block, entry.Bytes);
        }

        Assert.Equal(0, regions.Count);
    }

    [Fact]
    public void A_region_takes_the_first_place_that_is_wide_enough()
    {
        var region = new BlockRegions.Region();
        Assert.Equal([0, 100, 107], [region.Take(100), region.Take(7), region.Take(300)]);
        region.Leave(0, 100);
        Assert.Equal([0, 407, 60], [region.Take(60), region.Take(41), region.Take(40)]);
        var rest = (int)(BlockRegions.Region.Bytes / Granule) - 448;
        Assert.Equal(-1, region.Take(rest + 1));
        Assert.Equal([448, -1], [region.Take(rest), region.Take(1)]);
        region.Leave(448, rest);
        region.Leave(0, 100);
        region.Leave(100, 7);
        region.Leave(107, 300);
        region.Leave(407, 41);
        Assert.True(region.IsEmpty);
    }

    [Fact]
    public void Tensors_of_every_size_come_and_go_on_many_threads()
    {
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(thread);
            for (var step = 0; step < 100; step++)
            {
                using var x = Tensor.Zeros([1 << random.Next(2, 21)]);
                using var y = x + thread;
                Assert.Equal(-1, y.ToArray<float>().AsSpan().IndexOfAnyExcept((float)thread));
                if (step % 30 == 0)
                {
                    TensorMemory.Trim();
                }
            }
        });
    }

    private static void RequireMark((nint Block, long Bytes, byte Mark) entry)
    {
        Assert.Equal(entry.Mark, *(byte*)entry.Block);
        Assert.Equal(entry.Mark, *(byte*)(entry.Block + (nint)entry.Bytes - 1));
    }
}
