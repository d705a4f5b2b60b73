using System.Buffers.Binary;
using System.Text;

namespace Unified.Benchmarks.Peers;

/// <summary>
/// Marks what an ELF64 shared library asks of another one as optional, in a copy in a build output. TorchSharp 0.107.0 asks for
/// <c>std::ios_base_library_init</c> of GCC 13's libstdc++ (GLIBCXX_3.4.32), which it never calls; Debian 12 has 3.4.30 and refuses the load.
/// </summary>
public static class SharedLibrary
{
    private const uint VersionNeeds = 0x6ffffffe, DynamicSymbols = 11;
    private const ushort WeakVersion = 2;
    private const byte WeakBinding = 0x20;

    public static void MakeOptional(string path, string version, string symbol)
    {
        var data = File.ReadAllBytes(path);
        var changed = false;
        var sections = Sections(data);
        foreach (var section in sections)
        {
            var strings = section.Link < sections.Count ? sections[(int)section.Link].Offset : 0;
            changed |= section.Type switch
            {
                VersionNeeds => MarkVersion(data, section, strings, version),
                DynamicSymbols => MarkSymbol(data, section, strings, symbol),
                _ => false,
            };
        }

        if (changed)
        {
            File.WriteAllBytes(path, data);
        }
    }

    private static bool MarkVersion(byte[] data, Section section, int strings, string version)
    {
        var changed = false;
        for (var at = section.Offset; ;)
        {
            var count = U16(data, at + 2);
            for (var (need, i) = (at + (int)U32(data, at + 8), 0); i < count; i++, need += (int)U32(data, need + 12))
            {
                if (Text(data, strings + (int)U32(data, need + 8)) == version && (U16(data, need + 4) & WeakVersion) == 0)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(need + 4), (ushort)(U16(data, need + 4) | WeakVersion));
                    changed = true;
                }
            }

            if (U32(data, at + 12) is 0)
            {
                return changed;
            }

            at += (int)U32(data, at + 12);
        }
    }

    private static bool MarkSymbol(byte[] data, Section section, int strings, string symbol)
    {
        var changed = false;
        for (var at = section.Offset; at < section.Offset + section.Size; at += 24)
        {
            if (Text(data, strings + (int)U32(data, at)) == symbol && data[at + 4] >> 4 != WeakBinding >> 4)
            {
                data[at + 4] = (byte)(WeakBinding | (data[at + 4] & 15));
                changed = true;
            }
        }

        return changed;
    }

    private static List<Section> Sections(byte[] data)
    {
        if (data.Length < 64 || U32(data, 0) != 0x464C457F)
        {
            throw new InvalidDataException("no ELF64 file");
        }

        var (table, size, count) = ((int)BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(0x28)), U16(data, 0x3A), U16(data, 0x3C));
        return [.. Enumerable.Range(0, count).Select(i => table + (i * size)).Select(at => new Section(
            U32(data, at + 4), (int)BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(at + 0x18)), (int)BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(at + 0x20)), U32(data, at + 0x28)))];
    }

    private static ushort U16(byte[] data, int at) => BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(at));

    private static uint U32(byte[] data, int at) => BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(at));

    private static string Text(byte[] data, int at) => Encoding.ASCII.GetString(data, at, Array.IndexOf(data, (byte)0, at) - at);

    private sealed record Section(uint Type, int Offset, int Size, uint Link);
}
