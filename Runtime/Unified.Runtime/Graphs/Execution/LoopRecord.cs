using System.Runtime.InteropServices;

namespace Unified.Graphs;

/// <summary>
/// What the loops of a run keep for the walk back over their turns: bytes one after the other, in memory that grows with the turns and is kept
/// for the next run.
/// </summary>
internal sealed unsafe class LoopRecord : IDisposable
{
    private byte* _memory;
    private long _room;
    private long _bytes;

    ~LoopRecord() => Free();

    /// <summary>How much is kept. What comes after a smaller number is dropped.</summary>
    /// <exception cref="InvalidDataException">The number is no place in the record.</exception>
    public long Bytes
    {
        get => _bytes;
        set => _bytes = value >= 0 && value <= _bytes ? value : throw new InvalidDataException($"the record of a loop holds {_bytes} bytes, not {value}");
    }

    public void Add(byte* from, long bytes)
    {
        if (_bytes + bytes > _room)
        {
            const long Least = 1 << 16;
            _room = Math.Max(Math.Max(Least, 2 * _room), _bytes + bytes);
            _memory = (byte*)NativeMemory.Realloc(_memory, (nuint)_room);
        }

        Buffer.MemoryCopy(from, _memory + _bytes, bytes, bytes);
        _bytes += bytes;
    }

    /// <exception cref="InvalidDataException">There are no such bytes.</exception>
    public void Read(long offset, byte* to, long bytes)
    {
        if (offset < 0 || offset + bytes > _bytes)
        {
            throw new InvalidDataException($"bytes {offset} to {offset + bytes} of a loop's record of {_bytes} are read");
        }

        Buffer.MemoryCopy(_memory + offset, to, bytes, bytes);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        (_room, _bytes) = (0, 0);
    }
}
