using System.Numerics;
using System.Runtime.InteropServices;
using Unified.Native.Os;

namespace Unified;

/// <summary>
/// Blocks that are too small for huge pages of their own lie side by side in regions of them: what a model reads one after the other, such as its packed weights, is then
/// looked up and fetched ahead as one large block is. Thread-safe. A region goes back to the system with its last block.
/// </summary>
internal sealed unsafe class BlockRegions
{
    /// <summary>The smallest block; smaller ones would leave holes that nobody fills.</summary>
    public const long Least = 64 << 10;

    private const int HugePage = 2 << 20;

    private readonly Dictionary<nint, Region> _regions = [];

    /// <summary>How many regions there are.</summary>
    public int Count
    {
        get
        {
            lock (_regions)
            {
                return _regions.Count;
            }
        }
    }

    /// <param name="bytes">A multiple of <see cref="Region.Granule"/>, at most half a region.</param>
    /// <exception cref="OutOfMemoryException">The system has no region left.</exception>
    public nint Rent(long bytes)
    {
        var granules = (int)(bytes / Region.Granule);
        lock (_regions)
        {
            foreach (var (start, region) in _regions)
            {
                if (region.Take(granules) is >= 0 and var place)
                {
                    return start + (nint)(place * Region.Granule);
                }
            }

            var fresh = (nint)NativeMemory.AlignedAlloc((nuint)Region.Bytes, (nuint)Region.Bytes);
            PageMemory.AdviseHuge((byte*)fresh, (nuint)Region.Bytes);
            _regions[fresh] = new Region();
            return fresh + (nint)(_regions[fresh].Take(granules) * Region.Granule);
        }
    }

    /// <param name="block">Of <see cref="Rent"/>.</param>
    /// <param name="bytes">As many as were asked for.</param>
    public void Return(nint block, long bytes)
    {
        lock (_regions)
        {
            var start = block & -(nint)Region.Bytes;
            var region = _regions[start];
            region.Leave((int)((block - start) / Region.Granule), (int)(bytes / Region.Granule));
            if (region.IsEmpty)
            {
                _regions.Remove(start);
                NativeMemory.AlignedFree((void*)start);
            }
        }
    }

    /// <summary>Which granules of a region are in use, a bit for each.</summary>
    internal sealed class Region
    {
        public const long Bytes = 16 * HugePage, Granule = 8 << 10;

        private const int Granules = (int)(Bytes / Granule), WordBits = 64;

        private readonly ulong[] _used = new ulong[Granules / WordBits];
        private int _free = Granules;

        public bool IsEmpty => _free == Granules;

        /// <summary>The first place where so many granules are free, taken; -1 where there is none.</summary>
        public int Take(int count)
        {
            if (count > _free)
            {
                return -1;
            }

            for (var first = Next(0, used: false); first + count <= Granules;)
            {
                var end = Next(first, used: true);
                if (end - first >= count)
                {
                    Flip(first, count);
                    _free -= count;
                    return first;
                }

                first = Next(end, used: false);
            }

            return -1;
        }

        public void Leave(int first, int count)
        {
            Flip(first, count);
            _free += count;
        }

        private void Flip(int first, int count)
        {
            for (var at = first; at < first + count; at++)
            {
                _used[at / WordBits] ^= 1UL << (at % WordBits);
            }
        }

        // The first granule from there on that is in use, or is not.
        private int Next(int from, bool used)
        {
            for (var at = from; at < Granules; at = (at / WordBits * WordBits) + WordBits)
            {
                var word = (used ? _used[at / WordBits] : ~_used[at / WordBits]) >> (at % WordBits);
                if (word != 0)
                {
                    return at + BitOperations.TrailingZeroCount(word);
                }
            }

            return Granules;
        }
    }
}
