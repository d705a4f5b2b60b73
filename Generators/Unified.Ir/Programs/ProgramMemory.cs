namespace Unified.Ir;

/// <summary>
/// Turns the buffers of a program, for one set of dim values, into places in an arena: temporaries by their lifetimes, of those that lie over
/// one another one block, and as a block each the arena of a program that it calls.
/// </summary>
public sealed class ProgramMemory
{
    private ProgramMemory(GraphProgram program, IReadOnlyDictionary<string, long> dims, Func<int, ProgramMemory> callee)
    {
        Program = program;
        Bytes = new long[program.Buffers.Length];
        Offsets = new long[program.Buffers.Length];
        var blocks = new List<ArenaLayout.Block>();
        var blockOf = new int[program.Buffers.Length];
        foreach (var i in Enumerable.Range(0, program.Buffers.Length).OrderBy(i => program.Buffers[i].FirstStep))
        {
            var buffer = program.Buffers[i];
            blockOf[i] = -1;
            if (buffer.Kind is not (BufferKind.Temporary or BufferKind.Frame))
            {
                continue;
            }

            Bytes[i] = buffer.Kind == BufferKind.Frame ? callee(buffer.Index).ArenaBytes
                : NotNegative(buffer.Bytes.Evaluate(dims), $"program '{program.Name}': the size of buffer {i}");
            if (buffer.Over < 0)
            {
                blockOf[i] = blocks.Count;
                blocks.Add(new ArenaLayout.Block(Bytes[i], buffer.FirstStep, buffer.LastStep));
                continue;
            }

            var block = blocks[blockOf[i] = blockOf[buffer.Over]];
            blocks[blockOf[i]] = block with { Bytes = Math.Max(block.Bytes, Bytes[i]), Last = Math.Max(block.Last, buffer.LastStep) };
        }

        (var offsets, ArenaBytes) = ArenaLayout.Place(blocks);
        for (var i = 0; i < blockOf.Length; i++)
        {
            Offsets[i] = blockOf[i] < 0 ? 0 : offsets[blockOf[i]];
        }
    }

    public GraphProgram Program { get; }

    public long ArenaBytes { get; }

    /// <summary>Per buffer, the place in the arena; zero for those that lie elsewhere.</summary>
    public long[] Offsets { get; }

    /// <summary>Per buffer, the size of those that lie in the arena.</summary>
    public long[] Bytes { get; }

    /// <summary>The memory of a program and of each that it calls, by their numbers. The calls must have an end.</summary>
    /// <exception cref="InvalidDataException">A size is negative for these dims.</exception>
    public static IReadOnlyDictionary<int, ProgramMemory> Of(IReadOnlyList<GraphProgram> programs, IReadOnlyDictionary<string, long> dims, int root = 0)
    {
        var done = new Dictionary<int, ProgramMemory>();
        Get(root);
        return done;

        ProgramMemory Get(int index)
        {
            if (!done.TryGetValue(index, out var memory))
            {
                done[index] = memory = new ProgramMemory(programs[index], dims, Get);
            }

            return memory;
        }
    }

    private static long NotNegative(long value, string what) => value >= 0 ? value : throw new InvalidDataException($"{what} is {value} for these dims");
}
