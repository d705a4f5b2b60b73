using System.Buffers.Binary;
using Unified.Graphs;
using Unified.Ir;

namespace Unified.Tests;

/// <summary>Damaged objects are refused with a reason. What still loads is never run.</summary>
public class ElfObjectTests
{
    private static readonly byte[] s_object = [.. SmallKernels.WithConstants.Object];

    private static ElfObject Whole => new(s_object, "sine");

    [Theory]
    [InlineData(1, 10_000)]
    [InlineData(2, 10_000)]
    public void Damage_is_refused_or_harmless(int seed, int count)
    {
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < count; i++)
        {
            var bytes = Damage(random);
            try
            {
                KernelLoader.Map([new KernelCode("damaged", "sine", [.. bytes])]).Unmap();
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith("kernel 'sine': the object cannot be loaded: ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        // Most bytes are code and names, so much of the damage is none to the loader; but it must find its share.
        Assert.InRange(refused, count / 10, count - 1);
    }

    [Fact]
    public void Every_shorter_object_is_refused()
    {
        for (var length = 0; length < s_object.Length; length++)
        {
            Refuse(s_object[..length], "");
        }
    }

    [Theory]
    [InlineData(9u, "R_X86_64_GOTPCREL")]
    [InlineData(10u, "R_X86_64_32")]
    [InlineData(0u, "R_X86_64_NONE")]
    [InlineData(77u, "type 77,")]
    public void Unknown_relocation_is_named(uint kind, string name) =>
        Refuse(Relocation(r => BinaryPrimitives.WriteUInt32LittleEndian(r[8..], kind)), name);

    [Fact]
    public void Outside_symbol_is_named()
    {
        var elf = Whole;
        var symbols = elf.Sections.Single(s => s.Type == 2);
        var used = elf.Relocations[0].Symbol;
        var bytes = (byte[])s_object.Clone();
        var entry = bytes.AsSpan((int)symbols.Offset + (24 * used));

        // Undefined, under the name that the kernel itself has.
        var kernel = elf.Symbols.FindIndex(s => s.Name == "sine");
        bytes.AsSpan((int)symbols.Offset + (24 * kernel), 4).CopyTo(entry);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], 0);
        Refuse(bytes, "outside symbol 'sine'");
    }

    [Fact]
    public void Relocation_stays_inside_its_section_and_the_image()
    {
        var section = Whole.Sections[Whole.Relocations[0].Section];
        foreach (var offset in (long[])[section.Size, section.Size - 3, long.MaxValue, long.MaxValue - 3, uint.MaxValue])
        {
            Refuse(Relocation(r => BinaryPrimitives.WriteInt64LittleEndian(r, offset)), "outside its section");
        }

        Refuse(Relocation(r => BinaryPrimitives.WriteInt64LittleEndian(r, -1)), "out of range");
        foreach (var addend in (long[])[1 << 30, -(1 << 30), long.MaxValue, long.MinValue])
        {
            Refuse(Relocation(r => BinaryPrimitives.WriteInt64LittleEndian(r[16..], addend)), "outside the image");
        }

        Refuse(Relocation(r => BinaryPrimitives.WriteUInt32LittleEndian(r[12..], uint.MaxValue)), "names no symbol");
    }

    [Fact]
    public void Address_that_needs_more_than_32_bits_is_refused() =>
        Refuse(Relocation(r => BinaryPrimitives.WriteUInt32LittleEndian(r[8..], 11)), "32 bits");

    [Fact]
    public void Section_that_asks_for_too_much_is_refused()
    {
        var data = Whole.Sections.ToList().FindIndex(s => s.IsLoaded && !s.IsCode);
        foreach (var size in (long[])[1L << 40, long.MaxValue, 1L << 31])
        {
            Refuse(Section(data, h =>
            {
                BinaryPrimitives.WriteUInt32LittleEndian(h[4..], 8);
                BinaryPrimitives.WriteInt64LittleEndian(h[32..], size);
            }), "bytes of memory");
            Refuse(Section(data, h => BinaryPrimitives.WriteInt64LittleEndian(h[32..], size)), "cut short");
        }

        foreach (var alignment in (long[])[3, 8192, long.MaxValue])
        {
            Refuse(Section(data, h => BinaryPrimitives.WriteInt64LittleEndian(h[48..], alignment)), "alignment");
        }

        Refuse(Section(data, h => BinaryPrimitives.WriteInt64LittleEndian(h[24..], long.MaxValue)), "cut short");
        Refuse(Section(data, h => h[8] |= 1), "writable data");
    }

    [Fact]
    public void Header_is_checked()
    {
        foreach (var table in (ulong[])[ulong.MaxValue, long.MaxValue, long.MaxValue - 63, (ulong)s_object.Length])
        {
            Refuse(Change(b => BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(40), table)), "");
        }

        Refuse(Change(b => b[58] = 63), "section table");
        Refuse(Change(b => b[18] = 183), "x86-64");
        Refuse(Change(b => b[16] = 3), "relocatable");
        Refuse([], "x86-64");
        var e = Assert.Throws<InvalidDataException>(() => KernelLoader.Map([new KernelCode("k", "cosine", [.. s_object])]));
        Assert.Contains("no entry point 'cosine'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_whole_object_has_what_the_tests_change()
    {
        Assert.NotEmpty(Whole.Relocations);
        Assert.Contains(Whole.Sections, s => s.IsLoaded && !s.IsCode);
        Assert.Contains(Whole.Sections, s => s.IsLoaded && s.IsCode);
    }

    private static void Refuse(byte[] bytes, string reason)
    {
        var e = Assert.Throws<InvalidDataException>(() => KernelLoader.Map([new KernelCode("damaged", "sine", [.. bytes])]));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    private static byte[] Change(Action<byte[]> edit)
    {
        var bytes = (byte[])s_object.Clone();
        edit(bytes);
        return bytes;
    }

    private delegate void Edit(Span<byte> part);

    private static byte[] Section(int index, Edit edit) => Change(b => edit(b.AsSpan((int)BinaryPrimitives.ReadInt64LittleEndian(b.AsSpan(40)) + (64 * index), 64)));

    /// <summary>The first relocation of loaded code, changed.</summary>
    private static byte[] Relocation(Edit edit)
    {
        var elf = Whole;
        var table = elf.Sections.First(s => s.Type == 4 && elf.Sections[s.Info].IsLoaded);
        return Change(b => edit(b.AsSpan((int)table.Offset, 24)));
    }

    private static byte[] Damage(Random random)
    {
        var bytes = (byte[])s_object.Clone();
        var elf = Whole;
        var headers = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40));
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            // Half of the damage goes where the structure is.
            var (start, length) = random.Next(6) switch
            {
                0 => (0, 64),
                1 => (headers, 64 * elf.Sections.Count),
                2 => Place(elf.Sections[random.Next(elf.Sections.Count)]),
                _ => (0, bytes.Length),
            };
            if (length == 0 || start + length > bytes.Length)
            {
                continue;
            }

            var at = start + random.Next(length);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    var eight = bytes.AsSpan(at & ~7);
                    if (eight.Length >= 8)
                    {
                        BinaryPrimitives.WriteInt64LittleEndian(eight, random.Next(5) switch { 0 => -1, 1 => long.MaxValue, 2 => uint.MaxValue, 3 => long.MinValue, _ => random.NextInt64() });
                    }

                    break;
                default:
                    bytes = bytes[..at];
                    return bytes;
            }
        }

        return bytes;

        static (int, int) Place(ElfObject.Section section) => section.IsZero ? (0, 0) : ((int)section.Offset, (int)section.Size);
    }
}
