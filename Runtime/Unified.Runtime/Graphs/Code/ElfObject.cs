using System.Buffers.Binary;
using System.Text;

namespace Unified.Graphs;

/// <summary>
/// Turns the bytes of a relocatable ELF64 object into its sections, symbols and relocations. Every offset is checked against the
/// bytes there are: a damaged object is an <see cref="InvalidDataException"/>, never a wild read.
/// </summary>
internal sealed class ElfObject
{
    private const uint SectionProgBits = 1;
    private const uint SectionSymbols = 2;
    private const uint SectionRela = 4;
    private const uint SectionNoBits = 8;
    // Far above any kernel, far below what would exhaust a machine's address space.
    private const long MostSectionBytes = 1 << 28;

    private const ulong FlagWrite = 1;
    private const ulong FlagAlloc = 2;
    private const ulong FlagExec = 4;

    private readonly byte[] _bytes;
    private readonly List<Section> _sections = [];

    public ElfObject(byte[] bytes, string name)
    {
        _bytes = bytes;
        Name = name;
        if (bytes.Length < 64 || !bytes.AsSpan(0, 4).SequenceEqual("\u007fELF"u8) || bytes[4] != 2 || bytes[5] != 1
            || Read16(16) != 1 || Read16(18) != 62)
        {
            throw Bad("it is no relocatable x86-64 ELF object");
        }

        ReadSections();
        ReadSymbolsAndRelocations();
    }

    public string Name { get; }

    public IReadOnlyList<Section> Sections => _sections;

    public List<Symbol> Symbols { get; } = [];

    public List<Relocation> Relocations { get; } = [];

    public sealed record Section(uint Type, ulong Flags, long Offset, long Size, long Alignment, int Link, int Info, long EntrySize)
    {
        public bool IsLoaded => (Flags & FlagAlloc) != 0 && Size > 0 && (Type is SectionProgBits or SectionNoBits);

        public bool IsCode => (Flags & FlagExec) != 0;

        public bool IsWritable => (Flags & FlagWrite) != 0;

        public bool IsZero => Type == SectionNoBits;
    }

    public sealed record Symbol(string Name, int Section, long Value);

    public sealed record Relocation(int Section, long Offset, uint Kind, int Symbol, long Addend);

    public ReadOnlySpan<byte> Content(Section section) => Slice(section.Offset, section.Size);

    public InvalidDataException Bad(string why) => new($"kernel '{Name}': the object cannot be loaded: {why}");

    private void ReadSections()
    {
        var table = Positive(_bytes.AsSpan(40));
        var entrySize = Read16(58);
        var count = Read16(60);
        if (entrySize != 64)
        {
            throw Bad("its section table is damaged");
        }

        for (var i = 0; i < count; i++)
        {
            var h = Slice(table + (64L * i), 64);
            var section = new Section(
                BinaryPrimitives.ReadUInt32LittleEndian(h[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[8..]),
                Positive(h[24..]),
                Positive(h[32..]),
                Math.Max(1, Positive(h[48..])),
                BinaryPrimitives.ReadInt32LittleEndian(h[40..]),
                BinaryPrimitives.ReadInt32LittleEndian(h[44..]),
                Positive(h[56..]));
            if (!section.IsZero)
            {
                _ = Slice(section.Offset, section.Size);
            }

            if (section.IsLoaded && (section.Alignment > 4096 || (section.Alignment & (section.Alignment - 1)) != 0))
            {
                throw Bad($"section {i} asks for an alignment of {section.Alignment}; it must be a power of two up to a page");
            }

            if (section.IsLoaded && section.Size > MostSectionBytes)
            {
                throw Bad($"section {i} asks for {section.Size} bytes of memory");
            }

            _sections.Add(section);
        }
    }

    private void ReadSymbolsAndRelocations()
    {
        var symbolTable = _sections.FindIndex(s => s.Type == SectionSymbols);
        if (symbolTable < 0)
        {
            throw Bad("it has no symbols");
        }

        var table = _sections[symbolTable];
        var names = SectionAt(table.Link);
        for (long at = 0; at + 24 <= table.Size; at += 24)
        {
            var s = Slice(table.Offset + at, 24);
            var section = BinaryPrimitives.ReadUInt16LittleEndian(s[6..]);
            Symbols.Add(new Symbol(
                ReadName(names, BinaryPrimitives.ReadUInt32LittleEndian(s)),
                section >= 0xff00 ? -1 : section,
                Positive(s[8..])));
        }

        foreach (var rela in _sections.Where(s => s.Type == SectionRela))
        {
            if (rela.Link != symbolTable)
            {
                throw Bad("relocations refer to another symbol table");
            }

            var target = SectionAt(rela.Info);
            if (!target.IsLoaded)
            {
                continue;
            }

            for (long at = 0; at + 24 <= rela.Size; at += 24)
            {
                var r = Slice(rela.Offset + at, 24);
                var info = BinaryPrimitives.ReadUInt64LittleEndian(r[8..]);
                var symbol = (int)(info >> 32);
                if ((uint)symbol >= (uint)Symbols.Count)
                {
                    throw Bad("a relocation names no symbol");
                }

                Relocations.Add(new Relocation(
                    rela.Info, Positive(r), (uint)info, symbol, BinaryPrimitives.ReadInt64LittleEndian(r[16..])));
            }
        }
    }

    private Section SectionAt(int index) =>
        (uint)index < (uint)_sections.Count ? _sections[index] : throw Bad("it refers to a section that is not there");

    private string ReadName(Section strings, uint offset)
    {
        var all = Content(strings);
        if (offset >= all.Length)
        {
            throw Bad("a symbol's name lies outside the file");
        }

        var rest = all[(int)offset..];
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private long Positive(ReadOnlySpan<byte> at)
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(at);
        return value >= 0 ? value : throw Bad("a size or offset is out of range");
    }

    private ReadOnlySpan<byte> Slice(long offset, long length) =>
        offset >= 0 && length >= 0 && offset <= _bytes.Length - length
            ? _bytes.AsSpan((int)offset, (int)length)
            : throw Bad("it is cut short");

    private ushort Read16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));
}
