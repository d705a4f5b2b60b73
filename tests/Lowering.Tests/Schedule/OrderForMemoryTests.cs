using System.Collections.Immutable;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Tests.Schedule;

public sealed class OrderForMemoryTests
{
    private static long PeakOf(ImmutableArray<Work> works, long[] bytes, IEnumerable<int> order)
    {
        // Not the code under test: who is alive is asked anew at each place.
        List<int> places = [.. order];
        int PlaceOf(int work) => places.IndexOf(work);
        return Enumerable.Range(0, places.Count).Max(at => works[places[at]].Passing + Enumerable.Range(0, bytes.Length).Where(block =>
        {
            var born = PlaceOf(Enumerable.Range(0, works.Length).First(w => works[w].Makes.Contains(block)));
            var last = Enumerable.Range(0, works.Length).Where(w => works[w].Reads.Contains(block)).Select(PlaceOf).DefaultIfEmpty(born).Max();
            return born <= at && at <= last;
        }).Sum(block => bytes[block]));
    }

    [Fact]
    public void Orders_are_legal_and_never_need_more()
    {
        var better = 0;
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var works = new List<Work>();
            var bytes = new List<long>();
            for (var w = random.Next(1, 25); w > 0; w--)
            {
                ImmutableArray<int> reads = [.. Enumerable.Range(0, random.Next(3)).Where(_ => bytes.Count > 0).Select(_ => bytes.Count - 1 - (int)(bytes.Count * Math.Pow(random.NextDouble(), 2))).Distinct()];
                var before = reads.Select(b => works.FindIndex(x => x.Makes.Contains(b)));
                var others = Enumerable.Range(0, random.Next(3)).Where(_ => works.Count > 0 && random.Next(3) == 0).Select(_ => random.Next(works.Count));
                ImmutableArray<int> makes = [.. Enumerable.Range(bytes.Count, random.Next(3))];
                bytes.AddRange(makes.Select(_ => random.Next(4) == 0 ? random.Next(3) : (long)random.Next(1000, 100_000)));
                works.Add(new Work([.. before.Concat(others).Distinct()], reads, makes, random.Next(4) == 0 ? random.Next(100_000) : 0));
            }

            ImmutableArray<Work> all = [.. works];
            long[] sizes = [.. bytes];
            var order = OrderForMemory.Run(all, sizes);
            Assert.Equal(Enumerable.Range(0, all.Length), order.Order());
            for (var i = 0; i < order.Length; i++)
            {
                Assert.True(all[order[i]].After.All(b => order.IndexOf(b) < i), $"seed {seed}: work {order[i]} comes too early");
            }

            var (given, now) = (PeakOf(all, sizes, Enumerable.Range(0, all.Length)), PeakOf(all, sizes, order));
            Assert.Equal(now, OrderForMemory.Peak(all, sizes, order));
            Assert.True(now <= given, $"seed {seed}: {now} bytes, {given} as given");
            better += now < given ? 1 : 0;
        }

        Assert.InRange(better, 300, 3000);
    }

    /// <summary>Three gradients, then a number that all updates need, then the updates: each update is done as soon as its gradient is there.</summary>
    [Fact]
    public void Updates_follow_their_gradients()
    {
        ImmutableArray<Work> works =
        [
            new([], [], [0], 0), new([0], [0], [1], 0), new([1], [0], [2], 0),
            new([], [], [3], 0),
            new([0, 3, 2], [0, 3], [], 0), new([1, 3], [1, 3], [], 0), new([2, 3], [2, 3], [], 0),
        ];
        Assert.Equal([0, 1, 3, 5, 2, 6, 4], OrderForMemory.Run(works, [1000, 1000, 1000, 4]));
    }

    /// <summary>What is made early and read late is made late where its operands stay anyway.</summary>
    [Fact]
    public void What_is_read_late_waits()
    {
        ImmutableArray<Work> works = [new([], [], [0], 0), new([0], [0], [1], 0), new([0], [0], [2], 0), new([2], [2], [3], 5000), new([0, 1, 3], [0, 1, 3], [], 0)];
        Assert.Equal([0, 2, 3, 1, 4], OrderForMemory.Run(works, [10, 1000, 1000, 10]));
    }

    [Fact]
    public void Without_a_gain_the_order_stays()
    {
        ImmutableArray<Work> works = [new([], [], [0], 0), new([], [], [1], 0), new([0], [0], [2], 0), new([1], [1], [3], 0), new([2, 3], [2, 3], [], 0)];
        Assert.Equal([0, 1, 2, 3, 4], OrderForMemory.Run(works, [10, 10, 1000, 1000]));
    }
}
