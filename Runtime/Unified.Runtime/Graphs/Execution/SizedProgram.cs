using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Turns a program with symbolic sizes into one with numbers, for one set of dim values: where each buffer lies in the arena, and
/// what each step is given.
/// </summary>
internal sealed class SizedProgram
{
    private readonly ProgramMemory _memory;

    private SizedProgram(ProgramMemory memory, IReadOnlyDictionary<string, long> dims, Func<int, SizedProgram> callee)
    {
        var program = memory.Program;
        _memory = memory;
        Callees = [.. program.Steps.Select(s => s is CallStep c ? callee(c.Program) : null)];
        InputBytes = [.. program.Inputs.Select(t => t.Bytes.Evaluate(dims))];
        OutputBytes = [.. program.Outputs.Select(t => t.Bytes.Evaluate(dims))];
        Launches = [.. program.Steps.Select(s => s is LaunchStep l ? Launch.Of(l, dims) : null)];
        Managed = [.. program.Steps.Select(s => s is ManagedStep m ? ManagedCall.Of(program, m, dims) : null)];
        Calls = [.. program.Steps.Select((s, i) => s is CallStep c ? Call.Of(c, Callees[i]!, dims) : null)];
    }

    public GraphProgram Program => _memory.Program;

    public long ArenaBytes => _memory.ArenaBytes;

    /// <summary>Per buffer, the place in the arena; zero for those that lie elsewhere.</summary>
    public long[] Offsets => _memory.Offsets;

    /// <summary>Per buffer, the size of those that lie in the arena.</summary>
    public long[] Bytes => _memory.Bytes;

    public SizedProgram?[] Callees { get; }

    public Launch?[] Launches { get; }

    public Call?[] Calls { get; }

    public ManagedCall?[] Managed { get; }

    public long[] InputBytes { get; }

    public long[] OutputBytes { get; }

    private static long NotNegative(long value, string what) => value >= 0 ? value : throw new InvalidDataException($"{what} is {value} for these dims");

    /// <summary>A place in a buffer of this program.</summary>
    public readonly record struct BufferPlace(int Buffer, long Offset)
    {
        public static BufferPlace Of(BufferRef reference, IReadOnlyDictionary<string, long> dims) => new(reference.Buffer, reference.ByteOffset.Evaluate(dims));

        public static BufferPlace[] Of(IEnumerable<BufferRef> references, IReadOnlyDictionary<string, long> dims) => [.. references.Select(r => Of(r, dims))];
    }

    /// <summary>Bytes to be copied from one place to another.</summary>
    public readonly record struct Move(BufferPlace From, BufferPlace To, long Bytes);

    /// <summary>The places of a step that runs a program.</summary>
    /// <param name="Condition">The byte that decides; null for a plain call.</param>
    /// <param name="Moves">Of a branch: in place of the call. Of a loop: before it.</param>
    /// <param name="Again">Of a loop: the byte that decides after each run.</param>
    /// <param name="NextMoves">Of a loop: after each run.</param>
    public sealed record Call(BufferPlace[] Inputs, BufferPlace[] Outputs, BufferPlace? Condition, Move[] Moves, BufferPlace? Again, Move[] NextMoves)
    {
        /// <summary>Of a loop that records, or of the walk back: the tape.</summary>
        public BufferPlace? Tape { get; init; }

        /// <summary>Of a walk back: where it stands.</summary>
        public BufferPlace? Cursor { get; init; }

        /// <summary>Of a loop whose turns record: how much there was before.</summary>
        public BufferPlace? Mark { get; init; }

        /// <summary>What is recorded of a turn, and its bytes.</summary>
        public (BufferPlace Place, long Bytes)[] Saved { get; init; } = [];

        public static Call Of(CallStep step, SizedProgram callee, IReadOnlyDictionary<string, long> dims)
        {
            var (inputs, outputs) = (BufferPlace.Of(step.Inputs, dims), BufferPlace.Of(step.Outputs, dims));
            return step switch
            {
                BranchStep branch => new(
                    inputs, outputs, BufferPlace.Of(branch.Condition, dims), Pairs(BufferPlace.Of(branch.Otherwise, dims), outputs, callee.OutputBytes), null, []),
                LoopStep loop when BufferPlace.Of(loop.Carried, dims) is var carried && callee.OutputBytes[1..] is var bytes => new(
                    inputs, outputs, BufferPlace.Of(loop.Condition, dims), Pairs(BufferPlace.Of(loop.Initial, dims), carried, bytes),
                    outputs[0], Pairs(outputs[1..], carried, bytes))
                {
                    Tape = Find(loop.Tape),
                    Mark = Find(loop.Mark),
                    Saved = [.. loop.Saved.Select(i => (carried[i], bytes[i]))],
                },
                UnwindStep unwind when BufferPlace.Of(unwind.Carried, dims) is var carried => new(
                    inputs, outputs, null, Pairs(BufferPlace.Of(unwind.Initial, dims), carried, callee.OutputBytes), null, Pairs(outputs, carried, callee.OutputBytes))
                {
                    Tape = Find(unwind.Tape),
                    Cursor = Find(unwind.Cursor),
                    Saved = [.. BufferPlace.Of(unwind.Saved, dims).Select((p, i) => (p, callee.InputBytes[i]))],
                },
                _ => new(inputs, outputs, null, [], null, []),
            };

            BufferPlace? Find(BufferRef? reference) => reference is null ? null : BufferPlace.Of(reference, dims);
        }

        // What a turn has written in place is there already.
        private static Move[] Pairs(BufferPlace[] from, BufferPlace[] to, long[] bytes) => [.. from.Select((f, i) => new Move(f, to[i], bytes[i])).Where(m => m.From != m.To)];
    }

    /// <summary>The numbers of a launch step.</summary>
    public sealed record Launch(long[] BufferOffsets, long[] Parameters, long Units, long Grain, long ScratchBytes, long Flops, long Traffic)
    {
        public static Launch Of(LaunchStep step, IReadOnlyDictionary<string, long> dims)
        {
            var numbers = step.NumbersFor(dims);
            return new(
                [.. step.Buffers.Select(b => b.ByteOffset.Evaluate(dims))],
                [.. numbers.Parameters],
                NotNegative(numbers.Units, $"'{step.Label}': the number of units"),
                Math.Max(1, numbers.Grain),
                numbers.ScratchBytes,
                step.Flops.Evaluate(dims),
                step.Traffic.Evaluate(dims));
        }
    }

    /// <summary>The numbers of a managed step: where each array lies in its buffer, and its sizes.</summary>
    public sealed record ManagedCall(long[] BufferOffsets, long[][] Sizes)
    {
        /// <exception cref="InvalidDataException">An array does not lie within its buffer.</exception>
        public static ManagedCall Of(GraphProgram program, ManagedStep step, IReadOnlyDictionary<string, long> dims)
        {
            var call = new ManagedCall(
                [.. step.Buffers.Select(b => NotNegative(b.ByteOffset.Evaluate(dims), $"'{step.Label}': an offset"))],
                [.. step.Types.Select(t => t.Shape.Select(d => NotNegative(d.Evaluate(dims), $"'{step.Label}': a size")).ToArray())]);
            for (var i = 0; i < step.Types.Length; i++)
            {
                NotNegative(
                    program.Buffers[step.Buffers[i].Buffer].Bytes.Evaluate(dims) - call.BufferOffsets[i] - step.Types[i].Bytes.Evaluate(dims),
                    $"'{step.Label}': what is left of the buffer of array {i}");
            }

            return call;
        }
    }

    /// <summary>Sizes the root and, once each, the programs it calls. The image is verified: its calls have an end.</summary>
    public static SizedProgram Of(ProgramImage image, IReadOnlyDictionary<string, long> dims)
    {
        var memory = ProgramMemory.Of(image.Programs, dims);
        var done = new Dictionary<int, SizedProgram>();
        return Get(0);

        SizedProgram Get(int index)
        {
            if (!done.TryGetValue(index, out var sized))
            {
                done[index] = sized = new SizedProgram(memory[index], dims, Get);
            }

            return sized;
        }
    }
}
