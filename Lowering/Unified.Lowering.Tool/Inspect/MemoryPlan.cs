using Unified.Graphs;
using Unified.Ir;

namespace Unified.Tool.Inspect;

/// <summary>A block of working memory.</summary>
/// <param name="Program">The program that it belongs to: the graph, or a part of it that runs several times and has its memory as one block of its caller's.</param>
/// <param name="Offset">From the start of the program's memory, in bytes.</param>
/// <param name="FirstStep">The step that writes it first.</param>
/// <param name="LastStep">The step that reads it last: from then on its place is free. That step may write a block of the same size over it, element by element.</param>
/// <param name="Holds">What the first step computes, or the program whose memory it is.</param>
internal sealed record MemoryBlock(string Program, long Offset, long Bytes, int FirstStep, int LastStep, string Holds);

/// <summary>Turns a sized program into where its blocks of working memory lie and how long they live, the programs it calls included.</summary>
internal static class MemoryPlan
{
    public static IReadOnlyList<MemoryBlock> Of(SizedProgram root)
    {
        var blocks = new List<MemoryBlock>();
        var seen = new HashSet<SizedProgram>(ReferenceEqualityComparer.Instance);
        Add(root);
        return blocks;

        void Add(SizedProgram sized)
        {
            if (!seen.Add(sized))
            {
                return;
            }

            var program = sized.Program;
            blocks.AddRange(program.Buffers.Index().Where(b => b.Item.Kind is BufferKind.Temporary or BufferKind.Frame && sized.Bytes[b.Index] > 0)
                .Select(b => new MemoryBlock(program.Name, sized.Offsets[b.Index], sized.Bytes[b.Index], b.Item.FirstStep, b.Item.LastStep, Holds(sized, b.Item)))
                .OrderBy(b => b.FirstStep).ThenBy(b => b.Offset));
            foreach (var callee in sized.Callees.OfType<SizedProgram>())
            {
                Add(callee);
            }
        }
    }

    private static string Holds(SizedProgram sized, BufferPlan buffer) => buffer.Kind == BufferKind.Frame
        ? $"memory of {sized.Program.Steps.OfType<CallStep>().First(s => s.Program == buffer.Index).Label}"
        : buffer.FirstStep < sized.Program.Steps.Length ? sized.Program.Steps[buffer.FirstStep].Label : "";
}
