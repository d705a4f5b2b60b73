using System.Runtime.InteropServices;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Turns a sized program and all it calls into one flat list of kernel launches over a table of pointers. The table's entries are
/// relative to a few bases (the arena, the constants, each root operand); a base that moves costs one pass over its entries,
/// one that stays costs nothing.
/// </summary>
internal sealed unsafe class LaunchList : IDisposable
{
    public const int ArenaBase = 0;

    private readonly long[] _patchOffsets;
    private readonly int[] _patchSlots;
    private readonly int[] _patchStart;
    private readonly byte** _slots;
    private readonly long* _parameters;
    private readonly byte*[] _bases;
    private bool _disposed;

    public LaunchList(ProgramImage image, SizedProgram root, nint[] kernels)
    {
        var flat = new Flattener(image, kernels);
        flat.Visit(root, OperandBases(root, image), 0);
        Launches = [.. flat.Launches];
        Labels = [.. flat.Labels];
        ScratchBytes = Launches.Length == 0 ? 0 : Launches.Max(l => l.ScratchBytes);
        ArenaBytes = root.ArenaBytes;
        ConstantBase = 1;
        FirstInput = 1 + image.Constants.Length;
        FirstOutput = FirstInput + root.Program.Inputs.Length;
        _bases = new byte*[FirstOutput + root.Program.Outputs.Length];

        _slots = (byte**)NativeMemory.AllocZeroed((nuint)Math.Max(1, flat.Slots.Count), (nuint)sizeof(byte*));
        _parameters = (long*)NativeMemory.AllocZeroed((nuint)Math.Max(1, flat.Parameters.Count), sizeof(long));
        for (var i = 0; i < flat.Parameters.Count; i++)
        {
            _parameters[i] = flat.Parameters[i];
        }

        // Entries sorted by their base, so that a base's entries are one range.
        var order = Enumerable.Range(0, flat.Slots.Count).OrderBy(i => flat.Slots[i].Base).ToArray();
        _patchSlots = order;
        _patchOffsets = [.. order.Select(i => flat.Slots[i].Offset)];
        _patchStart = new int[_bases.Length + 1];
        foreach (var slot in flat.Slots)
        {
            _patchStart[slot.Base + 1]++;
        }

        for (var b = 0; b < _bases.Length; b++)
        {
            _patchStart[b + 1] += _patchStart[b];
        }
    }

    ~LaunchList() => Free();

    /// <summary>What an entry of the list does.</summary>
    public enum LaunchKind
    {
        /// <summary>Runs a kernel over its units.</summary>
        Kernel,

        /// <summary>Copies <c>Units</c> bytes from the second slot to the first.</summary>
        Copy,

        /// <summary>Goes on at entry <c>Target</c>.</summary>
        Jump,

        /// <summary>Goes on at entry <c>Target</c> where the byte at the slot is zero.</summary>
        JumpIfZero,

        /// <summary>Goes on at entry <c>Target</c> where the byte at the slot is not zero.</summary>
        JumpIfNotZero,

        /// <summary>Writes a tape without turns to the slot.</summary>
        BeginTape,

        /// <summary>Counts a turn on the tape at the slot.</summary>
        BeginTurn,

        /// <summary>Records <c>Units</c> bytes at the slot.</summary>
        Record,

        /// <summary>Writes to the slot how much is recorded.</summary>
        Mark,

        /// <summary>Drops what was recorded since the mark at the slot.</summary>
        Release,

        /// <summary>Sets the cursor at the first slot behind the last turn of the tape at the second.</summary>
        BeginUnwind,

        /// <summary>Goes back one turn and drops what was recorded since the walk began; goes on at entry <c>Target</c> where there is no turn left.</summary>
        TurnBack,

        /// <summary>Copies <c>Units</c> bytes of the turn at the cursor in the first slot to the second.</summary>
        Recall,
    }

    /// <param name="Label">Index into <see cref="Labels"/>.</param>
    public readonly record struct Launch(
        nint Kernel, int Slots, int Parameters, long Units, long Grain, long ScratchBytes, long Flops, long Traffic, int Label)
    {
        public LaunchKind Kind { get; init; }

        public int Target { get; init; }

        /// <summary>Of a recall: the bytes of a turn, and where in them the value lies.</summary>
        public (long Turn, long Offset) Layout { get; init; }
    }

    public Launch[] Launches { get; }

    /// <summary>What a launch is and where in the C# it came from.</summary>
    public (string Text, SourceSpan? Source)[] Labels { get; }

    public long ScratchBytes { get; }

    public long ArenaBytes { get; }

    public int ConstantBase { get; }

    public int FirstInput { get; }

    public int FirstOutput { get; }

    /// <summary>Points a base at memory.</summary>
    public void SetBase(int index, byte* pointer)
    {
        if (_bases[index] == pointer)
        {
            return;
        }

        _bases[index] = pointer;
        for (var i = _patchStart[index]; i < _patchStart[index + 1]; i++)
        {
            _slots[_patchSlots[i]] = pointer + _patchOffsets[i];
        }
    }

    public byte* Base(int index) => _bases[index];

    /// <summary>Runs every launch in order. Allocates nothing.</summary>
    /// <param name="times">When given, one entry per launch: ticks are added to it.</param>
    /// <returns>The number of the first launch that met an index out of range, or -1.</returns>
    public int Run(WorkPool pool, long[]? times, LoopRecord record)
    {
        long status = 0;
        record.Bytes = 0;
        var launches = Launches;
        for (var i = 0; i < launches.Length; i++)
        {
            ref readonly var launch = ref launches[i];
            if (launch.Kind != LaunchKind.Kernel)
            {
                i = Control(launch, i, record);
                continue;
            }

            if (launch.Units == 0)
            {
                continue;
            }

            var start = times is null ? 0 : System.Diagnostics.Stopwatch.GetTimestamp();
            pool.Run(
                (delegate* unmanaged<byte**, long*, long, long, byte*, long*, void>)launch.Kernel,
                _slots + launch.Slots, _parameters + launch.Parameters, launch.Units, launch.Grain, &status);
            if (times is not null)
            {
                times[i] += System.Diagnostics.Stopwatch.GetTimestamp() - start;
            }

            if (status != 0)
            {
                // Stop before the bad row reaches any state.
                GC.KeepAlive(this);
                return i;
            }
        }

        GC.KeepAlive(this);
        return -1;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <returns>The entry before the one to go on with.</returns>
    private int Control(in Launch launch, int at, LoopRecord record)
    {
        var numbers = (long*)_slots[launch.Slots];
        switch (launch.Kind)
        {
            case LaunchKind.BeginTape:
                (numbers[0], numbers[1]) = (record.Bytes, 0);
                return at;
            case LaunchKind.BeginTurn:
                numbers[1]++;
                return at;
            case LaunchKind.Record:
                record.Add((byte*)numbers, launch.Units);
                return at;
            case LaunchKind.Mark:
                numbers[0] = record.Bytes;
                return at;
            case LaunchKind.Release:
                record.Bytes = numbers[0];
                return at;
            case LaunchKind.BeginUnwind:
                var tape = (long*)_slots[launch.Slots + 1];
                (numbers[0], numbers[1], numbers[2]) = (tape[0], tape[1], record.Bytes);
                return at;
            case LaunchKind.TurnBack:
                record.Bytes = numbers[2];
                return numbers[1]-- == 0 ? launch.Target - 1 : at;
            case LaunchKind.Recall:
                record.Read(numbers[0] + (numbers[1] * launch.Layout.Turn) + launch.Layout.Offset, _slots[launch.Slots + 1], launch.Units);
                return at;
            case LaunchKind.Copy:
                Buffer.MemoryCopy(_slots[launch.Slots + 1], _slots[launch.Slots], launch.Units, launch.Units);
                return at;
            case LaunchKind.JumpIfZero when *_slots[launch.Slots] != 0:
            case LaunchKind.JumpIfNotZero when *_slots[launch.Slots] == 0:
                return at;
            default:
                return launch.Target - 1;
        }
    }

    private void Free()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.Free(_slots);
            NativeMemory.Free(_parameters);
        }
    }

    private static Place[] OperandBases(SizedProgram root, ProgramImage image)
    {
        var first = 1 + image.Constants.Length;
        return [.. Enumerable.Range(first, root.Program.Inputs.Length + root.Program.Outputs.Length).Select(b => new Place(b, 0))];
    }

    /// <summary>An address: a base and a distance.</summary>
    private readonly record struct Place(int Base, long Offset)
    {
        public Place Plus(long bytes) => new(Base, Offset + bytes);
    }

    private sealed class Flattener(ProgramImage image, nint[] kernels)
    {
        private readonly Dictionary<ProgramStep, int> _labels = new(ReferenceEqualityComparer.Instance);

        public List<Launch> Launches { get; } = [];

        public List<Place> Slots { get; } = [];

        public List<long> Parameters { get; } = [];

        public List<(string, SourceSpan?)> Labels { get; } = [];

        /// <param name="operands">Where the program's inputs, then its outputs, lie.</param>
        /// <param name="arena">Where its arena starts within the root's.</param>
        public void Visit(SizedProgram sized, Place[] operands, long arena)
        {
            var program = sized.Program;
            for (var s = 0; s < program.Steps.Length; s++)
            {
                switch (program.Steps[s])
                {
                    case LaunchStep step:
                        Add(sized, step, sized.Launches[s]!, operands, arena);
                        break;
                    case CallStep step:
                        Call(sized, step, sized.Callees[s]!, sized.Calls[s]!, operands, arena);
                        break;
                }
            }
        }

        private void Call(SizedProgram sized, CallStep step, SizedProgram callee, SizedProgram.Call call, Place[] operands, long arena)
        {
            Place At(SizedProgram.BufferPlace place) => Locate(sized, place.Buffer, operands, arena).Plus(place.Offset);
            int Control(LaunchKind kind, long units, params ReadOnlySpan<SizedProgram.BufferPlace> places)
            {
                Launches.Add(new Launch(0, Slots.Count, Parameters.Count, units, 1, 0, 0, 0, LabelOf(step)) { Kind = kind });
                foreach (var place in places)
                {
                    Slots.Add(At(place));
                }

                return Launches.Count - 1;
            }

            void Copy(SizedProgram.Move[] moves)
            {
                foreach (var move in moves)
                {
                    Control(LaunchKind.Copy, move.Bytes, move.To, move.From);
                }
            }

            void Land(int jump, int target) => Launches[jump] = Launches[jump] with { Target = target };

            void Unwind(SizedProgram.Call call, SizedProgram.BufferPlace cursor)
            {
                Copy(call.Moves);
                Control(LaunchKind.BeginUnwind, 0, cursor, call.Tape!.Value);
                var turn = Control(LaunchKind.TurnBack, 0, cursor);
                var (total, offset) = (call.Saved.Sum(s => s.Bytes), 0L);
                foreach (var (place, bytes) in call.Saved)
                {
                    var recall = Control(LaunchKind.Recall, bytes, cursor, place);
                    Launches[recall] = Launches[recall] with { Layout = (total, offset) };
                    offset += bytes;
                }

                Visit(callee, [.. call.Inputs.Select(At), .. call.Outputs.Select(At)], arena + sized.Offsets[step.Frame]);
                Copy(call.NextMoves);
                Land(Control(LaunchKind.Jump, 0), turn);
                Land(turn, Launches.Count);
            }

            if (call.Again is not null)
            {
                Copy(call.Moves);
            }

            if (call.Cursor is { } cursor)
            {
                Unwind(call, cursor);
                return;
            }

            if (call.Tape is { } opened)
            {
                Control(LaunchKind.BeginTape, 0, opened);
            }

            var skip = call.Condition is { } condition ? Control(LaunchKind.JumpIfZero, 0, condition) : -1;
            var start = Launches.Count;
            if (call.Tape is { } tape)
            {
                Control(LaunchKind.BeginTurn, 0, tape);
                foreach (var (place, bytes) in call.Saved)
                {
                    Control(LaunchKind.Record, bytes, place);
                }
            }

            if (call.Mark is { } mark)
            {
                Control(LaunchKind.Mark, 0, mark);
            }

            Visit(callee, [.. call.Inputs.Select(At), .. call.Outputs.Select(At)], arena + sized.Offsets[step.Frame]);
            if (call.Again is { } again)
            {
                Copy(call.NextMoves);
                if (call.Mark is { } marked)
                {
                    Control(LaunchKind.Release, 0, marked);
                }

                Land(Control(LaunchKind.JumpIfNotZero, 0, again), start);
                Land(skip, Launches.Count);
            }
            else if (skip >= 0)
            {
                var end = Control(LaunchKind.Jump, 0);
                Land(skip, Launches.Count);
                Copy(call.Moves);
                Land(end, Launches.Count);
            }
        }

        private int LabelOf(ProgramStep step)
        {
            if (!_labels.TryGetValue(step, out var label))
            {
                _labels[step] = label = Labels.Count;
                Labels.Add((step.Label, step.Source));
            }

            return label;
        }

        private void Add(SizedProgram sized, LaunchStep step, SizedProgram.Launch launch, Place[] operands, long arena)
        {
            Launches.Add(new Launch(
                kernels[step.Kernel], Slots.Count, Parameters.Count, launch.Units, launch.Grain, launch.ScratchBytes, launch.Flops,
                launch.Traffic, LabelOf(step)));
            for (var i = 0; i < step.Buffers.Length; i++)
            {
                Slots.Add(Locate(sized, step.Buffers[i].Buffer, operands, arena).Plus(launch.BufferOffsets[i]));
            }

            Parameters.AddRange(launch.Parameters);
        }

        private Place Locate(SizedProgram sized, int buffer, Place[] operands, long arena)
        {
            var plan = sized.Program.Buffers[buffer];
            return plan.Kind switch
            {
                BufferKind.Input => operands[plan.Index],
                BufferKind.Output => operands[sized.Program.Inputs.Length + plan.Index],
                BufferKind.Constant when (uint)plan.Index < (uint)image.Constants.Length => new Place(1 + plan.Index, 0),
                BufferKind.Temporary or BufferKind.Frame => new Place(ArenaBase, arena + sized.Offsets[buffer]),
                _ => throw new InvalidDataException($"program '{sized.Program.Name}': buffer {buffer} has no memory"),
            };
        }
    }
}
