using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>How programs become one list: calls in place, jumps for branches and loops.</summary>
internal sealed unsafe partial class LaunchList
{
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

    /// <summary>A program at one place of the list.</summary>
    /// <param name="Operands">Where its inputs, then its outputs, lie.</param>
    /// <param name="Arena">Where its arena starts within the root's.</param>
    private sealed record Frame(SizedProgram Sized, Place[] Operands, long Arena)
    {
        /// <summary>Temporaries that lie outside of the arena.</summary>
        public Dictionary<int, Place> Moved { get; } = [];
    }

    private sealed class Flattener(ProgramImage image, nint[] kernels, bool[] isSteady, ImmutableArray<DenseKernel> hostCalls, int firstKept)
    {
        private readonly Dictionary<ProgramStep, int> _labels = new(ReferenceEqualityComparer.Instance);

        public List<KeptLaunch> Kept { get; } = [];

        public List<Launch> Launches { get; } = [];

        public List<DenseCall> Managed { get; } = [];

        public List<Place> Slots { get; } = [];

        public List<long> Parameters { get; } = [];

        public List<(string, SourceSpan?, KernelClass?)> Labels { get; } = [];

        public void Visit(Frame frame)
        {
            var sized = frame.Sized;
            for (var s = 0; s < sized.Program.Steps.Length; s++)
            {
                switch (sized.Program.Steps[s])
                {
                    case LaunchStep { MayBeKept: true } step when IsSteady(Locate(frame, step.Buffers[0].Buffer)):
                        Keep(frame, step, sized.Launches[s]!);
                        break;
                    case LaunchStep step:
                        Launches.Add(Of(frame, step, sized.Launches[s]!));
                        break;
                    case ManagedStep step:
                        AddManaged(frame, step, sized.Managed[s]!);
                        break;
                    case CallStep step:
                        Call(frame, step, sized.Callees[s]!, sized.Calls[s]!);
                        break;
                }
            }
        }

        private void Call(Frame frame, CallStep step, SizedProgram callee, SizedProgram.Call call)
        {
            Place At(SizedProgram.BufferPlace place) => Locate(frame, place.Buffer).Plus(place.Offset);
            Frame Inner() => new(callee, [.. call.Inputs.Select(At), .. call.Outputs.Select(At)], frame.Arena + frame.Sized.Offsets[step.Frame]);
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

                Visit(Inner());
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

            Visit(Inner());
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
                Labels.Add((step.Label, step.Source, (step as LaunchStep)?.Class));
            }

            return label;
        }

        private Launch Of(Frame frame, LaunchStep step, SizedProgram.Launch launch)
        {
            var made = new Launch(
                kernels[step.Kernel], Slots.Count, Parameters.Count, launch.Units, launch.Grain, launch.ScratchBytes, launch.Flops,
                launch.Traffic, LabelOf(step));
            for (var i = 0; i < step.Buffers.Length; i++)
            {
                Slots.Add(Locate(frame, step.Buffers[i].Buffer).Plus(launch.BufferOffsets[i]));
            }

            Parameters.AddRange(launch.Parameters);
            return made;
        }

        private void AddManaged(Frame frame, ManagedStep step, SizedProgram.ManagedCall call)
        {
            var bytes = step.Types.Select((t, i) => call.Sizes[i].Aggregate((long)t.DType.Bytes(), (a, b) => a * b)).Sum();
            Launches.Add(new Launch(0, Slots.Count, Parameters.Count, 1, 1, 0, 0, bytes, LabelOf(step)) { Kind = LaunchKind.Managed, Target = Managed.Count });
            Managed.Add(new DenseCall(KernelOf(step), [.. step.Types.Select(t => t.DType)], call.Sizes, step.Attributes));
            for (var i = 0; i < step.Buffers.Length; i++)
            {
                Slots.Add(Locate(frame, step.Buffers[i].Buffer).Plus(call.BufferOffsets[i]));
            }
        }

        private DenseKernel KernelOf(ManagedStep step) =>
            step.Op.Code != OpCode.HostCall ? DenseKernels.Find(step.Op.Code)!
            : step.Attributes.Int("call") is var call && call >= 0 && call < hostCalls.Length ? hostCalls[(int)call]
            : throw new InvalidDataException($"'{step.Label}': there is no call {call} of a method");

        private bool IsSteady(Place place) =>
            place.Base - 1 - image.Constants.Length is var operand && operand >= 0 && operand < isSteady.Length && isSteady[operand];

        // The same weights under several calls are made ready once.
        private void Keep(Frame frame, LaunchStep step, SizedProgram.Launch launch)
        {
            var source = Locate(frame, step.Buffers[0].Buffer).Plus(launch.BufferOffsets[0]);
            var (target, kernel) = (step.Buffers[1].Buffer, kernels[step.Kernel]);
            var input = source.Base - 1 - image.Constants.Length;
            var index = Kept.FindIndex(k => k.Input == input && k.Offset == source.Offset && k.Launch.Kernel == kernel && k.Parameters.AsSpan().SequenceEqual(launch.Parameters));
            if (index < 0)
            {
                index = Kept.Count;
                frame.Moved[target] = new Place(firstKept + index, 0);
                Kept.Add(new KeptLaunch(input, source.Offset, frame.Sized.Bytes[target], launch.Parameters, Of(frame, step, launch)));
            }

            frame.Moved[target] = new Place(firstKept + index, 0);
        }

        private Place Locate(Frame frame, int buffer)
        {
            if (frame.Moved.TryGetValue(buffer, out var moved))
            {
                return moved;
            }

            var (sized, operands, arena) = frame;
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
