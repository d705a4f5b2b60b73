using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a node that runs another graph into a step with room for what that graph needs.</summary>
/// <param name="program">The program that calls.</param>
/// <param name="callee">The number and the program of a graph.</param>
/// <param name="kernels">What the programs launch.</param>
internal sealed class CallBuilder(ProgramBuilder program, Func<string, (int Number, GraphProgram Program)> callee, ImmutableArray<LoopKernel> kernels)
{
    private const int Number = sizeof(long);

    public void Add(Node node)
    {
        var (number, called) = callee(node.Callee!);
        var frame = program.AddFrame(number);
        ImmutableArray<BufferRef> operands = [.. node.Operands.Select(program.RefOf)];
        ImmutableArray<BufferRef> results = [.. node.Results.Select(program.RefOf)];
        if (node.Op.Code == OpCode.Call)
        {
            program.AddStep(new CallStep(node.Callee!, number, operands, results, frame, node.Source));
            return;
        }

        var parts = ControlOperands<BufferRef>.Of(node, operands);
        if (node.Op.Code == OpCode.If)
        {
            program.AddStep(new BranchStep(node.Callee!, number, parts.Condition, parts.Values, parts.Arguments, results, frame, node.Source));
            return;
        }

        // What a turn may write over what it starts with needs no room, and is not copied.
        ImmutableArray<BufferRef> Next(ImmutableArray<BufferRef> carried, int firstInput) =>
        [
            .. called.Outputs.Select((type, o) => o - (called.Outputs.Length - carried.Length) is var i && i >= 0
                && FindDonations.AllowsInTurn(called, kernels, callee, o, firstInput + i) ? carried[i] : Room(type.Bytes)),
        ];

        if (node.Op.Code == OpCode.Unwind)
        {
            ImmutableArray<BufferRef> saved = [.. called.Inputs.SkipLast(operands.Length - 1).Select(t => Room(t.Bytes))];
            program.AddStep(new UnwindStep(
                node.Callee!, number, parts.Condition, Room(3 * Number), saved, parts.Values, results, [.. saved, .. results, .. parts.Arguments],
                Next(results, saved.Length), frame, node.Source));
            return;
        }

        var isRecorded = node.Op.Code == OpCode.RecordedWhile;
        var carried = isRecorded ? results[..^1] : results;
        program.AddStep(new LoopStep(
            node.Callee!, number, parts.Condition, parts.Values, carried, [.. carried, .. parts.Arguments], Next(carried, 0), frame, node.Source)
        {
            Tape = isRecorded ? results[^1] : null,
            Saved = isRecorded ? node.Attributes.Ints("saved") : [],
            Mark = Records(called) ? Room(Number) : null,
        });
    }

    private BufferRef Room(Dim bytes) => new(program.AddTemporary(bytes), Dim.Zero);

    private bool Records(GraphProgram called) => called.Steps.OfType<CallStep>().Any(s => s is LoopStep { Tape: not null } || Records(callee(s.Label).Program));
}
