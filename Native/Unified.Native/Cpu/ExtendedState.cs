using System.Runtime.Intrinsics.X86;
using Unified.Native.Os;

namespace Unified.Native;

/// <summary>
/// Which registers the operating system keeps: XCR0, read by the instruction XGETBV, for which .NET has no method. A native executable needs it: there,
/// <c>IsSupported</c> speaks of what was compiled for, not of the machine.
/// </summary>
internal static unsafe class ExtendedState
{
    private const ulong Avx = 0b110;
    private const ulong Avx512 = 0b1110_0110;

    private static readonly Lazy<ulong> s_kept = new(Read);

    public static bool KeepsAvx => (s_kept.Value & Avx) == Avx;

    public static bool KeepsAvx512 => (s_kept.Value & Avx512) == Avx512;

    private static ulong Read()
    {
        const int OsXsave = 1 << 27;
        const nuint Page = 4096;
        if (!OperatingSystem.IsLinux() || (X86Base.CpuId(1, 0).Ecx & OsXsave) == 0)
        {
            return 0;
        }

        // xor ecx, ecx; xgetbv; shl rdx, 32; or rax, rdx; ret
        ReadOnlySpan<byte> code = [0x31, 0xC9, 0x0F, 0x01, 0xD0, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3];
        var page = PageMemory.Map(Page);
        try
        {
            code.CopyTo(new Span<byte>(page, code.Length));
            PageMemory.ProtectCode(page, Page);
            return ((delegate* unmanaged<ulong>)page)();
        }
        finally
        {
            PageMemory.Unmap(page, Page);
        }
    }
}
