using System.Buffers.Binary;
using System.Text;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns an ELF64 object into the names that it needs from outside. LLVM calls functions of the C library where a machine has no instruction; an app
/// without a compiler has no such library to offer.
/// </summary>
internal static class OutsideSymbols
{
    private const int SectionHeaderBytes = 64;
    private const int SymbolBytes = 24;
    private const int SymbolTable = 2;

    public static IReadOnlyList<string> Of(ReadOnlySpan<byte> elf)
    {
        var names = new List<string>();
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(elf[60..]); i++)
        {
            var section = Section(elf, i);
            if (BinaryPrimitives.ReadInt32LittleEndian(section[4..]) != SymbolTable)
            {
                continue;
            }

            var strings = Content(elf, Section(elf, BinaryPrimitives.ReadInt32LittleEndian(section[40..])));
            for (var symbols = Content(elf, section); symbols.Length >= SymbolBytes; symbols = symbols[SymbolBytes..])
            {
                // The first symbol has neither a name nor a section.
                var name = strings[BinaryPrimitives.ReadInt32LittleEndian(symbols)..];
                name = name[..name.IndexOf((byte)0)];
                if (name.Length > 0 && BinaryPrimitives.ReadUInt16LittleEndian(symbols[6..]) == 0)
                {
                    names.Add(Encoding.UTF8.GetString(name));
                }
            }
        }

        return names;
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> elf, int number) =>
        elf[((int)BinaryPrimitives.ReadInt64LittleEndian(elf[40..]) + (number * SectionHeaderBytes))..];

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> section) =>
        elf.Slice((int)BinaryPrimitives.ReadInt64LittleEndian(section[24..]), (int)BinaryPrimitives.ReadInt64LittleEndian(section[32..]));
}
