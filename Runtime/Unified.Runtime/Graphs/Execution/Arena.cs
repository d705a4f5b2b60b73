using System.Runtime.InteropServices;

namespace Unified.Graphs;

/// <summary>The working memory of an executable: one block, as large as the largest of its plans.</summary>
internal sealed unsafe class Arena : IDisposable
{
    private const long HugePage = 2 << 20;

    private static long s_total;

    ~Arena() => Free();

    /// <summary>The bytes of all arenas.</summary>
    public static long Total => Interlocked.Read(ref s_total);

    public byte* Pointer { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Holds at least so many bytes from now on; what was in it is lost where it has to grow.</summary>
    public void Reserve(long bytes)
    {
        if (bytes <= Bytes)
        {
            return;
        }

        Free();
        if (bytes >= HugePage)
        {
            // What eager code has left free, such as draws of the first weights, is of no size that the graph asks for.
            TensorPool.Trim();
        }

        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)(bytes >= HugePage ? HugePage : 4096));
        Bytes = bytes;
        Interlocked.Add(ref s_total, bytes);
        if (bytes >= HugePage)
        {
            Native.Os.PageMemory.AdviseHuge(Pointer, (nuint)(bytes / HugePage * HugePage));
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        Interlocked.Add(ref s_total, -Bytes);
        Bytes = 0;
    }
}
