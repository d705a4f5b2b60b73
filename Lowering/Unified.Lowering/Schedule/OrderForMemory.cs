using System.Collections.Immutable;

namespace Unified.Lowering.Schedule;

/// <summary>A piece of work whose place in an order is to be found.</summary>
/// <param name="After">Works of lower numbers that must be done before.</param>
/// <param name="Reads">Blocks of memory that it reads.</param>
/// <param name="Makes">Blocks that it writes first.</param>
/// <param name="Passing">Bytes that it needs while it runs.</param>
internal sealed record Work(ImmutableArray<int> After, ImmutableArray<int> Reads, ImmutableArray<int> Makes, long Passing);

/// <summary>
/// Turns works in a legal order into another legal order in which less memory is alive at once: what makes a large block that is read much later waits, and what
/// frees more than it makes goes ahead. Where nothing of weight is gained the order stays: what has just been computed is in a cache.
/// </summary>
internal sealed class OrderForMemory
{
    // Shares of the peak: moves that gain less are not worth it, nor is it to delay what is far from the peak.
    private const int SmallestGain = 512, SmallestDelay = 64;
    private const double NearPeak = 0.75;

    // How much work goes ahead in one piece: an update and the few numbers that it needs.
    private const int MostInPiece = 16;

    private readonly ImmutableArray<Work> _works;
    private readonly IReadOnlyList<long> _bytes;
    private readonly int[] _readers;
    private readonly List<int>[] _readersOf;
    private readonly List<int>[] _next;

    private OrderForMemory(ImmutableArray<Work> works, IReadOnlyList<long> bytes)
    {
        (_works, _bytes) = (works, bytes);
        _readersOf = [.. bytes.Select(_ => new List<int>())];
        _next = [.. works.Select(_ => new List<int>())];
        for (var w = 0; w < works.Length; w++)
        {
            foreach (var block in works[w].Reads)
            {
                _readersOf[block].Add(w);
            }

            foreach (var before in works[w].After)
            {
                _next[before].Add(w);
            }
        }

        _readers = [.. _readersOf.Select(r => r.Count)];
    }

    /// <param name="bytes">Of each block.</param>
    /// <returns>The numbers of the works in their order.</returns>
    public static ImmutableArray<int> Run(ImmutableArray<Work> works, IReadOnlyList<long> bytes)
    {
        var order = new OrderForMemory(works, bytes);
        ImmutableArray<int> given = [.. Enumerable.Range(0, works.Length)];
        var best = given;
        foreach (var candidate in (IEnumerable<ImmutableArray<int>>)[order.Ahead(given), order.Ahead(order.Delayed(given))])
        {
            best = order.Peak(candidate) < order.Peak(best) ? candidate : best;
        }

        return best;
    }

    /// <summary>The most that is alive at once when the works run in an order.</summary>
    public static long Peak(ImmutableArray<Work> works, IReadOnlyList<long> bytes, ImmutableArray<int> order) => new OrderForMemory(works, bytes).Peak(order);

    private long Peak(ImmutableArray<int> order) => Alive(order).Append(0).Max();

    // What is alive while each work of an order runs.
    private long[] Alive(ImmutableArray<int> order)
    {
        var left = (int[])_readers.Clone();
        var alive = new long[order.Length];
        var live = 0L;
        for (var i = 0; i < order.Length; i++)
        {
            var work = _works[order[i]];
            live += Sum(work.Makes);
            alive[i] = live + work.Passing;
            live -= Freed(work, left);
        }

        return alive;
    }

    private long Sum(IEnumerable<int> blocks) => blocks.Sum(b => _bytes[b]);

    // What the work reads last, or makes for nobody.
    private long Freed(Work work, int[] left)
    {
        var freed = work.Makes.Where(b => _readers[b] == 0).Sum(b => _bytes[b]);
        foreach (var block in work.Reads)
        {
            freed += --left[block] == 0 ? _bytes[block] : 0;
        }

        return freed;
    }

    private ImmutableArray<int> Delayed(ImmutableArray<int> order)
    {
        var peak = Peak(order);
        foreach (var work in order.Where(w => Sum(_works[w].Makes) > peak / SmallestDelay).Reverse().ToList())
        {
            var place = new int[order.Length];
            foreach (var (i, w) in order.Index())
            {
                place[w] = i;
            }

            var (from, to) = (place[work], _next[work].Select(n => place[n]).DefaultIfEmpty(order.Length).Min() - 1);
            var kept = _works[work].Reads.Where(b => _readersOf[b].TrueForAll(r => place[r] <= from)).Sum(b => _bytes[b]);
            if (to <= from || Sum(_works[work].Makes) - kept <= peak / SmallestDelay || Alive(order)[(from + 1)..(to + 1)].Max() < peak * NearPeak)
            {
                continue;
            }

            var moved = order.RemoveAt(from).Insert(to, work);
            if (Peak(moved) is var now && now <= peak)
            {
                (order, peak) = (moved, now);
            }
        }

        return order;
    }

    private ImmutableArray<int> Ahead(ImmutableArray<int> order)
    {
        var peak = Peak(order);
        var least = peak / SmallestGain;
        var place = new int[order.Length];
        foreach (var (i, w) in order.Index())
        {
            place[w] = i;
        }

        var result = ImmutableArray.CreateBuilder<int>(order.Length);
        var left = (int[])_readers.Clone();
        var done = new bool[order.Length];
        var live = 0L;
        foreach (var work in order)
        {
            Do(work);
        }

        return result.MoveToImmutable();

        void Do(int first)
        {
            var open = new Queue<int>([first]);
            while (open.TryDequeue(out var w))
            {
                if (done[w])
                {
                    continue;
                }

                done[w] = true;
                result.Add(w);
                live += Sum(_works[w].Makes) - Freed(_works[w], left);
                foreach (var block in _works[w].Makes.Concat(_works[w].Reads).Where(b => left[b] == 1 && _bytes[b] > least).ToList())
                {
                    foreach (var next in Piece(block))
                    {
                        open.Enqueue(next);
                    }
                }
            }
        }

        // The works that end with a gain when they are done at once, beginning with the one that reads a block last.
        List<int> Piece(int block)
        {
            var piece = new SortedSet<int>(Comparer<int>.Create((a, b) => place[a].CompareTo(place[b])));
            while (block >= 0 && Collect(_readersOf[block].First(r => !done[r] && !piece.Contains(r)), piece))
            {
                var (gain, high, largest) = Try(piece);
                if (live + high > peak)
                {
                    break;
                }

                if (gain > least)
                {
                    return [.. piece];
                }

                block = largest;
            }

            return [];
        }

        // A work and all that must be done before it.
        bool Collect(int work, SortedSet<int> piece)
        {
            var open = new Stack<int>([work]);
            while (open.TryPop(out var w))
            {
                if (!done[w] && piece.Add(w))
                {
                    if (piece.Count > MostInPiece)
                    {
                        return false;
                    }

                    foreach (var before in _works[w].After)
                    {
                        open.Push(before);
                    }
                }
            }

            return true;
        }

        (long Gain, long High, int Largest) Try(SortedSet<int> piece)
        {
            var used = new Dictionary<int, int>();
            var (now, high, largest) = (0L, 0L, -1);
            foreach (var w in piece)
            {
                now += Sum(_works[w].Makes);
                high = Math.Max(high, now + _works[w].Passing);
                now -= _works[w].Makes.Where(b => _readers[b] == 0).Sum(b => _bytes[b]);
                foreach (var block in _works[w].Reads)
                {
                    used[block] = used.GetValueOrDefault(block) + 1;
                    now -= used[block] == left[block] ? _bytes[block] : 0;
                }
            }

            foreach (var block in piece.SelectMany(w => _works[w].Makes).Where(b => left[b] == used.GetValueOrDefault(b) + 1))
            {
                largest = largest < 0 || _bytes[block] > _bytes[largest] ? block : largest;
            }

            return (-now, high, largest);
        }
    }
}
