using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Schedule;
using Unified.Lowering.Tests.Loops;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>
/// Runs the programs of a scheduled module by interpreting their kernels. Memory that is not alive holds NaN, donated outputs share their
/// input's memory, and the pieces of a launch run last to first: what relies on more than it is promised gives wrong numbers.
/// </summary>
internal sealed class ProgramInterpreter(ScheduledModule module, IReadOnlyDictionary<string, long> dims)
{
    private readonly List<List<double[][]>> _tapes = [];

    public bool IsOutOfRange { get; private set; }

    public Array[] Run(IReadOnlyList<Array> inputs)
    {
        var program = module.Programs[0];
        var memories = program.Inputs.Zip(inputs, (type, array) => Spread(type, array)).ToImmutableArray();
        var outputs = program.Outputs.Select((type, i) => program.Donations.FirstOrDefault(d => d.Output == i) is { } donation
            ? memories[donation.Input]
            : Blank(Size(type.Bytes))).ToImmutableArray();
        var kept = program.Inputs.Select((_, i) => program.Donations.Any(d => d.Input == i) ? null : memories[i].ToArray()).ToList();
        Run(0, [.. memories.Select(m => (m, 0L))], [.. outputs.Select(m => (m, 0L))]);
        for (var i = 0; i < kept.Count; i++)
        {
            Assert.True(kept[i] is not { } before || before.SequenceEqual(memories[i]), $"input {i} was overwritten");
        }

        return [.. program.Outputs.Zip(outputs, (type, memory) => new Array(
            type.DType, [.. type.Shape.Select(Size)], [.. Enumerable.Range(0, memory.Length / type.DType.Bytes()).Select(i => memory[i * type.DType.Bytes()])]))];
    }

    private void Run(int number, ImmutableArray<(double[] Bytes, long Offset)> inputs, ImmutableArray<(double[] Bytes, long Offset)> outputs)
    {
        var program = module.Programs[number];
        var memory = new (double[] Bytes, long Offset)[program.Buffers.Length];
        for (var i = 0; i < memory.Length; i++)
        {
            var plan = program.Buffers[i];
            memory[i] = plan.Kind switch
            {
                BufferKind.Input => inputs[plan.Index],
                BufferKind.Output => outputs[plan.Index],
                BufferKind.Temporary => (Blank(Size(plan.Bytes)), 0),
                _ => ([], 0),
            };
        }

        var last = program.Buffers.Select(b => b.LastStep).ToArray();
        foreach (var (plan, i) in program.Buffers.Select((b, i) => (b, i)).Where(p => p.b.Over >= 0).OrderBy(p => p.b.FirstStep))
        {
            memory[i] = memory[plan.Over];
        }

        foreach (var (plan, i) in program.Buffers.Select((b, i) => (b, i)).Where(p => p.b.Over >= 0).OrderByDescending(p => p.b.FirstStep))
        {
            // The last of them says when the place is free.
            (last[plan.Over], last[i]) = (last[i], -1);
        }

        for (var step = 0; step < program.Steps.Length; step++)
        {
            Step(program.Steps[step], program, memory);
            for (var i = 0; i < memory.Length; i++)
            {
                if (program.Buffers[i].Kind == BufferKind.Temporary && program.Buffers[i].Over < 0 && (last[i] == step || program.Buffers[i].FirstStep > step))
                {
                    System.Array.Fill(memory[i].Bytes, double.NaN);
                }
            }
        }
    }

    private void Step(ProgramStep step, GraphProgram program, (double[] Bytes, long Offset)[] memory)
    {
        (double[] Bytes, long Offset) At(BufferRef place) => (memory[place.Buffer].Bytes, memory[place.Buffer].Offset + Size(place.ByteOffset));
        if (step is CallStep call)
        {
            Assert.Equal(BufferKind.Frame, program.Buffers[call.Frame].Kind);
            Assert.Equal(call.Program, program.Buffers[call.Frame].Index);
            double[] Read(BufferRef place, long bytes) => At(place).Bytes[(int)At(place).Offset..(int)(At(place).Offset + bytes)];
            void Body() => Run(call.Program, [.. call.Inputs.Select(At)], [.. call.Outputs.Select(At)]);
            bool Holds(BufferRef flag) => At(flag) is var (bytes, offset) && bytes[offset] != 0;
            void Move(IEnumerable<BufferRef> from, IEnumerable<BufferRef> to, int firstOutput)
            {
                foreach (var (i, pair) in from.Zip(to).Index())
                {
                    var ((source, start), (target, place)) = (At(pair.First), At(pair.Second));
                    System.Array.Copy(source, start, target, place, Size(module.Programs[call.Program].Outputs[firstOutput + i].Bytes));
                }
            }

            switch (call)
            {
                case BranchStep branch when !Holds(branch.Condition):
                    Move(branch.Otherwise, branch.Outputs, 0);
                    return;
                case LoopStep loop:
                    var turns = new List<double[][]>();
                    Move(loop.Initial, loop.Carried, 1);
                    for (var flag = loop.Condition; Holds(flag); flag = loop.Outputs[0])
                    {
                        turns.Add([.. loop.Saved.Select(i => Read(loop.Carried[i], Size(module.Programs[call.Program].Outputs[i + 1].Bytes)))]);
                        Body();
                        Move(loop.Outputs.Skip(1), loop.Carried, 1);
                    }

                    if (loop.Tape is { } tape)
                    {
                        var (bytes, offset) = At(tape);
                        (bytes[offset], bytes[offset + sizeof(long)]) = (_tapes.Count, turns.Count);
                        _tapes.Add(turns);
                    }

                    return;
                case UnwindStep unwind:
                    Move(unwind.Initial, unwind.Carried, 0);
                    foreach (var turn in Enumerable.Reverse(_tapes[(int)Read(unwind.Tape, 1)[0]]))
                    {
                        foreach (var (place, value) in unwind.Saved.Zip(turn))
                        {
                            value.CopyTo(At(place).Bytes, At(place).Offset);
                        }

                        Body();
                        Move(unwind.Outputs, unwind.Carried, 0);
                    }

                    return;
                default:
                    Body();
                    return;
            }
        }

        var launch = (LaunchStep)step;
        var kernel = module.Kernels[launch.Kernel];
        var buffers = launch.Buffers.Zip(kernel.Buffers, (place, buffer) => new Memory(At(place).Bytes, At(place).Offset, buffer.Type.Bytes())).ToImmutableArray();
        var numbers = launch.NumbersFor(dims);
        var parameters = numbers.Parameters;
        Assert.Equal(kernel.ParameterCount, parameters.Length);
        var (units, grain) = (numbers.Units, Math.Clamp(numbers.Grain, 1, 5));
        Assert.True(Size(launch.Flops) >= 0 && Size(launch.Traffic) >= 0 && numbers.ScratchBytes >= 0 && numbers.Grain > 0);
        for (var end = units; end > 0; end -= grain)
        {
            IsOutOfRange |= LoopInterpreter.Run(kernel, buffers, parameters, Math.Max(0, end - grain), end);
        }
    }

    private long Size(Dim dim) => dim.Evaluate(dims);

    private double[] Spread(TensorType type, Array array)
    {
        var memory = Blank(Size(type.Bytes));
        for (var i = 0; i < array.Data.Length; i++)
        {
            memory[i * type.DType.Bytes()] = array.Data[i];
        }

        return memory;
    }

    private static double[] Blank(long bytes)
    {
        var memory = new double[bytes];
        System.Array.Fill(memory, double.NaN);
        return memory;
    }
}
