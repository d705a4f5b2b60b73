using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a node that runs another graph into a step with room for what that graph needs.</summary>
/// <param name="program">The program that calls.</param>
/// <param name="callee">The number and the program of a graph.</param>
internal sealed class CallBuilder(ProgramBuilder program, Func<string, (int Number, GraphProgram Program)> callee)
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

        ImmutableArray<BufferRef> next = [.. called.Outputs.Select(t => Room(t.Bytes))];
        if (node.Op.Code == OpCode.Unwind)
        {
            ImmutableArray<BufferRef> saved = [.. called.Inputs.SkipLast(operands.Length - 1).Select(t => Room(t.Bytes))];
            program.AddStep(new UnwindStep(
                node.Callee!, number, parts.Condition, Room(3 * Number), saved, parts.Values, results, [.. saved, .. results, .. parts.Arguments], next, frame, node.Source));
            return;
        }

        var isRecorded = node.Op.Code == OpCode.RecordedWhile;
        var carried = isRecorded ? results[..^1] : results;
        program.AddStep(new LoopStep(
            node.Callee!, number, parts.Condition, parts.Values, carried, [.. carried, .. parts.Arguments], next, frame, node.Source)
        {
            Tape = isRecorded ? results[^1] : null,
            Saved = isRecorded ? node.Attributes.Ints("saved") : [],
            Mark = Records(called) ? Room(Number) : null,
        });
    }

    private BufferRef Room(Dim bytes) => new(program.AddTemporary(bytes), Dim.Zero);

    private bool Records(GraphProgram called) => called.Steps.OfType<CallStep>().Any(s => s is LoopStep { Tape: not null } || Records(callee(s.Label).Program));
}
