using System.Collections.Concurrent;
using System.Collections.Immutable;
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
                LoadBatch(missing);
            }

            return [.. kernels.Select(k => s_loaded[k.Key])];
        }
    }

    private static void LoadBatch(List<KernelCode> kernels)
    {
        var objects = kernels.Select(k => new ElfObject(ImmutableCollectionsMarshal.AsArray(k.Object)!, k.Symbol)).ToList();

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

            var entries = kernels.Select((k, i) => Entry(objects[i], places[i], k.Symbol)).ToList();
            PageMemory.ProtectCode(block, (nuint)codeEnd);
            PageMemory.ProtectReadOnly(block + codeEnd, (nuint)(size - codeEnd));
            for (var i = 0; i < kernels.Count; i++)
            {
                s_loaded[kernels[i].Key] = (nint)(block + entries[i]);
            }
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

            switch (relocation.Kind)
            {
                case RelocationPc32 or RelocationPlt32:
                    Unaligned(at, checked((int)(target - (at - block))));
                    break;
                case RelocationAbs64:
                    *(long*)at = (long)(block + target);
                    break;
                case RelocationAbs32Signed:
                    Unaligned(at, checked((int)(long)(block + target)));
                    break;
                default:
                    throw source.Bad($"relocation type {relocation.Kind} is not known");
            }
        }
    }

    private static void Unaligned(byte* at, int value) => System.Runtime.CompilerServices.Unsafe.WriteUnaligned(at, value);

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
