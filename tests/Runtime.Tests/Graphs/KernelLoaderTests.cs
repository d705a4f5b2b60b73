using System.Globalization;
using Unified.Graphs;
using Unified.Ir;

namespace Unified.Tests;

public unsafe class KernelLoaderTests
{
    [Fact]
    public void No_page_is_both_writable_and_executable()
    {
        var block = KernelLoader.Map([.. SmallKernels.All, SmallKernels.WithConstants]);
        var pages = Pages(block.Start, block.Start + (nint)block.Bytes);
        Assert.Equal(block.Bytes, pages.Sum(p => p.Bytes));
        Assert.All(pages, p => Assert.DoesNotContain('w', p.Access));
        Assert.All(Pages(block.Start, block.Start + (nint)block.CodeBytes), p => Assert.StartsWith("r-x", p.Access, StringComparison.Ordinal));
        Assert.All(Pages(block.Start + (nint)block.CodeBytes, block.Start + (nint)block.Bytes), p => Assert.StartsWith("r--", p.Access, StringComparison.Ordinal));
        Assert.All(block.Entries, e => Assert.InRange(e, block.Start, block.Start + (nint)block.CodeBytes - 1));
        block.Unmap();
        Assert.DoesNotContain(Pages(block.Start, block.Start + (nint)block.Bytes), p => p.Access.Contains('x', StringComparison.Ordinal));
    }

    [Fact]
    public void Equal_keys_are_loaded_once()
    {
        var first = KernelLoader.Load(SmallKernels.All);
        Assert.Equal(first, KernelLoader.Load(SmallKernels.All));
        Assert.Equal([first[1], first[0], first[1]], KernelLoader.Load([SmallKernels.All[1], SmallKernels.All[0], SmallKernels.All[1]]));
    }

    [Fact]
    public void Code_runs_and_reads_its_constants()
    {
        var entry = (delegate* unmanaged<byte**, long*, long, long, byte*, long*, void>)KernelLoader.Load([SmallKernels.WithConstants])[0];
        using var x = SmallPrograms.Numbers(37);
        using var y = Tensor.Zeros([37]);
        var buffers = stackalloc byte*[] { x.Data, y.Data };
        long count = 37, status = 0;
        entry(buffers, &count, 0, count, null, &status);
        Assert.Equal(0, status);
        Check.Close(Nd.From(x).Map(Math.Sin), y);
    }

    /// <summary>The mapped parts of a range of addresses.</summary>
    private static List<(long Bytes, string Access)> Pages(nint start, nint end)
    {
        var pages = new List<(long, string)>();
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var fields = line.Split(' ');
            var range = fields[0].Split('-');
            var from = Math.Max(start, (nint)long.Parse(range[0], NumberStyles.HexNumber));
            var to = range[1].Length > 15 ? end : Math.Min(end, (nint)long.Parse(range[1], NumberStyles.HexNumber));
            if (from < to && range[0].Length <= 15)
            {
                pages.Add((to - from, fields[1]));
            }
        }

        return pages;
    }
}
