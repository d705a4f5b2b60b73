using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Unified.Ir;
using Unified.Native.Os;

namespace Unified.Graphs;

/// <summary>
/// Turns relocatable objects into callable code: maps, copies, relocates, and only then makes the code executable and no longer
/// writable. Code is kept for the life of the process, once per content key.
/// </summary>
internal static unsafe class KernelLoader
{
    private const uint RelocationAbs64 = 1;
    private const uint RelocationPc32 = 2;
    private const uint RelocationPlt32 = 4;
    private const uint RelocationAbs32Signed = 11;
    private const long Page = 4096;

    // Names for messages: what a compiler may emit and this loader has no table or library for.
    private static readonly Dictionary<uint, string> s_refused = new()
    {
        [0] = "R_X86_64_NONE",
        [3] = "R_X86_64_GOT32",
        [9] = "R_X86_64_GOTPCREL",
        [10] = "R_X86_64_32",
        [19] = "R_X86_64_TLSGD",
        [22] = "R_X86_64_GOTTPOFF",
        [23] = "R_X86_64_TPOFF32",
        [24] = "R_X86_64_PC64",
        [25] = "R_X86_64_GOTOFF64",
        [26] = "R_X86_64_GOTPC32",
        [41] = "R_X86_64_GOTPCRELX",
        [42] = "R_X86_64_REX_GOTPCRELX",
    };

    private static readonly ConcurrentDictionary<string, nint> s_loaded = new(StringComparer.Ordinal);
    private static readonly Lock s_lock = new();

    /// <summary>Entry points in the order of the kernels.</summary>
    /// <exception cref="InvalidDataException">An object is damaged or refers to something outside itself.</exception>
    public static nint[] Load(ImmutableArray<KernelCode> kernels)
    {
        lock (s_lock)
        {
            var missing = kernels.Where(k => !s_loaded.ContainsKey(k.Key)).DistinctBy(k => k.Key).ToList();
            if (missing.Count > 0)
            {
                var code = Map(missing);
                for (var i = 0; i < missing.Count; i++)
                {
                    s_loaded[missing[i].Key] = code.Entries[i];
                }
            }

            return [.. kernels.Select(k => s_loaded[k.Key])];
        }
    }

    /// <summary>Code in memory: first what can be executed, then what can only be read.</summary>
    internal sealed record CodeBlock(nint Start, long CodeBytes, long Bytes, nint[] Entries)
    {
        public void Unmap() => PageMemory.Unmap((byte*)Start, (nuint)Bytes);
    }

    /// <summary>Loads kernels into a block of their own, whether or not they are loaded already.</summary>
    internal static CodeBlock Map(IReadOnlyList<KernelCode> kernels)
    {
        var objects = kernels.Select(k => new ElfObject(ImmutableCollectionsMarshal.AsArray(k.Object) ?? [], k.Symbol)).ToList();

        // All code first, then all read-only data: two protections, one block, every distance within 32 bits.
        long size = 0;
        var places = objects.Select(o => new long[o.Sections.Count]).ToList();
        long codeEnd = 0;
        foreach (var code in (bool[])[true, false])
        {
            for (var i = 0; i < objects.Count; i++)
            {
                var sections = objects[i].Sections;
                for (var s = 0; s < sections.Count; s++)
                {
                    if (sections[s].IsLoaded && sections[s].IsCode == code)
                    {
                        if (sections[s].IsWritable)
                        {
                            throw objects[i].Bad("it has writable data; kernels keep no state");
                        }

                        size = RoundUp(size, Math.Max(64, sections[s].Alignment));
                        places[i][s] = size;
                        size = checked(size + sections[s].Size);
                    }
                }
            }

            size = RoundUp(size, Page);
            codeEnd = code ? size : codeEnd;
        }

        if (size is 0 or > int.MaxValue)
        {
            throw new InvalidDataException($"the code of {kernels.Count} kernels has an impossible size of {size} bytes");
        }

        var block = PageMemory.Map((nuint)size);
        try
        {
            for (var i = 0; i < objects.Count; i++)
            {
                Copy(objects[i], places[i], block);
            }

            for (var i = 0; i < objects.Count; i++)
            {
                Relocate(objects[i], places[i], block, size);
            }

            nint[] entries = [.. kernels.Select((k, i) => (nint)block + (nint)Entry(objects[i], places[i], k.Symbol))];
            PageMemory.ProtectCode(block, (nuint)codeEnd);
            PageMemory.ProtectReadOnly(block + codeEnd, (nuint)(size - codeEnd));
            return new CodeBlock((nint)block, codeEnd, size, entries);
        }
        catch
        {
            PageMemory.Unmap(block, (nuint)size);
            throw;
        }
    }

    private static void Copy(ElfObject source, long[] places, byte* block)
    {
        for (var s = 0; s < places.Length; s++)
        {
            var section = source.Sections[s];
            if (section.IsLoaded && !section.IsZero)
            {
                source.Content(section).CopyTo(new Span<byte>(block + places[s], (int)section.Size));
            }
        }
    }

    private static void Relocate(ElfObject source, long[] places, byte* block, long size)
    {
        foreach (var relocation in source.Relocations)
        {
            if (relocation.Kind is not (RelocationAbs64 or RelocationPc32 or RelocationPlt32 or RelocationAbs32Signed))
            {
                throw source.Bad($"it has a relocation of type {relocation.Kind}{(s_refused.TryGetValue(relocation.Kind, out var name) ? $" ({name})" : "")}, which is not known");
            }

            var symbol = source.Symbols[relocation.Symbol];
            if (symbol.Section <= 0 || symbol.Section >= source.Sections.Count || !source.Sections[symbol.Section].IsLoaded)
            {
                throw source.Bad($"it needs the outside symbol '{symbol.Name}'");
            }

            var width = relocation.Kind == RelocationAbs64 ? 8 : 4;
            var section = source.Sections[relocation.Section];
            if (relocation.Offset > section.Size - width || symbol.Value > source.Sections[symbol.Section].Size)
            {
                throw source.Bad("a relocation points outside its section");
            }

            var at = block + places[relocation.Section] + relocation.Offset;
            var target = places[symbol.Section] + symbol.Value + relocation.Addend;
            if (target < -Page || target > size + Page)
            {
                throw source.Bad("a relocation points outside the image");
            }

            var value = relocation.Kind is RelocationPc32 or RelocationPlt32 ? target - (at - block) : (long)(block + target);
            if (width == 8)
            {
                Unsafe.WriteUnaligned(at, value);
            }
            else if (value == (int)value)
            {
                Unsafe.WriteUnaligned(at, (int)value);
            }
            else
            {
                throw source.Bad($"the address of '{symbol.Name}' does not fit the 32 bits of a relocation; compile position-independent code");
            }
        }
    }

    private static long Entry(ElfObject source, long[] places, string name)
    {
        var symbol = source.Symbols.FirstOrDefault(s => s.Name == name && s.Section > 0 && s.Section < source.Sections.Count)
            ?? throw source.Bad($"it has no entry point '{name}'");
        var section = source.Sections[symbol.Section];
        return section.IsLoaded && section.IsCode && symbol.Value < section.Size
            ? places[symbol.Section] + symbol.Value
            : throw source.Bad($"its entry point '{name}' is no code");
    }

    private static long RoundUp(long value, long multiple) => (value + multiple - 1) / multiple * multiple;
}
