using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Unified.Native.Os;

/// <summary>The processors that the calling thread may run on. Linux.</summary>
public static partial class ThreadAffinity
{
    private const int MostProcessors = 8192;

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Their numbers, in rising order.</summary>
    /// <exception cref="PlatformNotSupportedException">The system is no Linux.</exception>
    public static unsafe ImmutableArray<int> Allowed
    {
        get
        {
            Require();
            var mask = stackalloc byte[MostProcessors / 8];
            new Span<byte>(mask, MostProcessors / 8).Clear();
            return GetAffinity(0, MostProcessors / 8, mask) == 0
                ? [.. Bits(new ReadOnlySpan<byte>(mask, MostProcessors / 8))]
                : throw new InvalidOperationException($"the system does not say which processors there are (error {Marshal.GetLastPInvokeError()})");
        }
    }

    /// <summary>The processor that the calling thread runs on at the moment; -1: the system does not say.</summary>
    public static int Current => IsSupported ? CurrentProcessor() : -1;

    /// <summary>Moves the calling thread to another of the processors that it may run on, at once. It may still run on all of them afterwards.</summary>
    /// <returns>False: it may run on no other, or the system refused; the thread runs where it did.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is no Linux.</exception>
    public static unsafe bool Leave(int processor)
    {
        Require();
        ArgumentOutOfRangeException.ThrowIfNegative(processor);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(processor, MostProcessors);
        var mask = stackalloc byte[MostProcessors / 8];
        var bit = (byte)(1 << (processor % 8));
        if (GetAffinity(0, MostProcessors / 8, mask) < 0 || (mask[processor / 8] & bit) == 0)
        {
            return false;
        }

        // A mask that is left empty is refused.
        mask[processor / 8] ^= bit;
        var isMoved = SetAffinity(0, MostProcessors / 8, mask) == 0;
        mask[processor / 8] ^= bit;
        return isMoved && SetAffinity(0, MostProcessors / 8, mask) == 0;
    }

    /// <summary>Keeps the calling thread on one processor from now on.</summary>
    /// <returns>False: the system refused; the thread runs where it did.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is no Linux.</exception>
    public static unsafe bool Pin(int processor)
    {
        Require();
        ArgumentOutOfRangeException.ThrowIfNegative(processor);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(processor, MostProcessors);
        var mask = stackalloc byte[MostProcessors / 8];
        new Span<byte>(mask, MostProcessors / 8).Clear();
        mask[processor / 8] = (byte)(1 << (processor % 8));
        return SetAffinity(0, MostProcessors / 8, mask) == 0;
    }

    private static void Require()
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException("threads are kept on processors on Linux only");
        }
    }

    private static List<int> Bits(ReadOnlySpan<byte> mask)
    {
        var bits = new List<int>();
        for (var i = 0; i < mask.Length * 8; i++)
        {
            if ((mask[i / 8] & (1 << (i % 8))) != 0)
            {
                bits.Add(i);
            }
        }

        return bits;
    }

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    [SuppressGCTransition]
    private static partial int CurrentProcessor();

    // Of a thread: 0 is the caller.
    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static unsafe partial int GetAffinity(int thread, nuint bytes, byte* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static unsafe partial int SetAffinity(int thread, nuint bytes, byte* mask);
}
