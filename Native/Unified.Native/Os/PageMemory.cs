using System.Runtime.InteropServices;

namespace Unified.Native.Os;

/// <summary>Whole pages from the operating system, with their protection. Linux and macOS.</summary>
public static partial class PageMemory
{
    private const int ProtRead = 1;
    private const int ProtWrite = 2;
    private const int ProtExec = 4;
    private const int MapPrivate = 2;
    private const int MadvHugePage = 14;
    private static readonly int s_mapAnonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;

    /// <summary>Fresh zeroed pages, readable and writable.</summary>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public static unsafe byte* Map(nuint bytes)
    {
        var p = Mmap(null, bytes, ProtRead | ProtWrite, MapPrivate | s_mapAnonymous, -1, 0);
        return p != (void*)-1
            ? (byte*)p
            : throw new OutOfMemoryException($"the system refused a block of {bytes} bytes (error {Marshal.GetLastPInvokeError()})");
    }

    /// <summary>Makes pages executable and no longer writable.</summary>
    public static unsafe void ProtectCode(byte* start, nuint bytes) => Protect(start, bytes, ProtRead | ProtExec);

    public static unsafe void ProtectReadOnly(byte* start, nuint bytes) => Protect(start, bytes, ProtRead);

    /// <summary>Asks for huge pages; a wish, not an order.</summary>
    public static unsafe void AdviseHuge(byte* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Madvise(start, bytes, MadvHugePage);
        }
    }

    public static unsafe void Unmap(byte* start, nuint bytes) => _ = Munmap(start, bytes);

    private static unsafe void Protect(byte* start, nuint bytes, int protection)
    {
        if (bytes != 0 && Mprotect(start, bytes, protection) != 0)
        {
            throw new InvalidOperationException($"the system refused to change the protection of code pages (error {Marshal.GetLastPInvokeError()})");
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static unsafe partial void* Mmap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static unsafe partial int Mprotect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static unsafe partial int Munmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static unsafe partial int Madvise(void* address, nuint length, int advice);
}
