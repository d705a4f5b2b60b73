using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Unified.Native;

/// <summary>What the processor that this runs on says of itself beyond what it can do: its name, and its caches.</summary>
/// <remarks>Intel's Software Developer's Manual, volume 2, CPUID, leaves 4 and 80000002H to 80000004H; AMD's, volume 3, appendix E, 8000001DH.</remarks>
public static class HostProcessor
{
    private const uint NameLeaf = 0x8000_0002, IntelCaches = 4, AmdCaches = 0x8000_001D;
    private const int DataCache = 1, UnifiedCache = 3, MostCaches = 16;

    /// <summary>The name, as <c>AMD EPYC 9654 96-Core Processor</c>; elsewhere than on x86 the architecture's.</summary>
    public static string Name { get; } = ReadName();

    /// <summary>Data caches from the inner one on, with their sizes, as <c>L1 32 KB, L2 1024 KB, L3 32768 KB</c>; empty where the processor does not say.</summary>
    public static string Caches { get; } = ReadCaches();

    private static string ReadName()
    {
        if (!X86Base.IsSupported || Highest(0x8000_0000) < NameLeaf + 2)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        var name = new StringBuilder();
        for (var leaf = NameLeaf; leaf <= NameLeaf + 2; leaf++)
        {
            (int a, int b, int c, int d) = X86Base.CpuId(unchecked((int)leaf), 0);
            Span<int> words = [a, b, c, d];
            name.Append(Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>(words)));
        }

        return string.Join(' ', name.ToString().Replace('\0', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string ReadCaches()
    {
        uint leaf = !X86Base.IsSupported ? 0 : Highest(0x8000_0000) >= AmdCaches && HasCache(AmdCaches) ? AmdCaches : Highest(0) >= IntelCaches ? IntelCaches : 0;
        var caches = new List<string>();
        for (var i = 0; leaf != 0 && i < MostCaches; i++)
        {
            (int a, int b, int c, _) = X86Base.CpuId(unchecked((int)leaf), i);
            int kind = a & 31;
            if (kind == 0)
            {
                break;
            }

            if (kind is DataCache or UnifiedCache)
            {
                long bytes = (((b >> 22) & 1023) + 1L) * (((b >> 12) & 1023) + 1) * ((b & 4095) + 1) * (c + 1L);
                caches.Add(string.Create(CultureInfo.InvariantCulture, $"L{(a >> 5) & 7} {bytes / 1024} KB"));
            }
        }

        return string.Join(", ", caches);
    }

    private static bool HasCache(uint leaf) => (X86Base.CpuId(unchecked((int)leaf), 0).Eax & 31) != 0;

    private static uint Highest(uint leaf) => unchecked((uint)X86Base.CpuId(unchecked((int)leaf), 0).Eax);
}
