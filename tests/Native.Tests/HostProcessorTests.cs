using System.Runtime.InteropServices;

namespace Unified.Native.Tests;

public sealed class HostProcessorTests
{
    [Fact]
    public void It_has_a_name_and_caches_that_grow_outwards()
    {
        Assert.NotEmpty(HostProcessor.Name);
        Assert.Equal(HostProcessor.Name.Trim(), HostProcessor.Name);
        Assert.DoesNotContain('\0', HostProcessor.Name);
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "x86-64 only");
        Assert.Matches(@"^(L\d \d+ KB(, )?)*$", HostProcessor.Caches);
        var sizes = HostProcessor.Caches.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(c => long.Parse(c.Split(' ')[1])).ToList();
        Assert.Equal(sizes.Order(), sizes);
        Assert.All(sizes, s => Assert.InRange(s, 4, 1 << 22));
    }
}
