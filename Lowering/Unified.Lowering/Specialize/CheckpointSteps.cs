using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// <c>Checkpoint</c>: the function runs in place, and its way back becomes a graph that runs it once more, on what it read and from the same state,
/// so that nothing between needs to be kept.
/// </summary>
internal static class CheckpointSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<CheckpointInstruction>((f, i) => f[i.Result] = f.New(Checkpoint(f, i)))];

    private static OpValue Checkpoint(Frame frame, CheckpointInstruction step)
    {
        var before = frame.Save();
        var calls = frame.Session.HostCalls.Count;
        var value = frame.Tensor(Interpreter.Yield(frame, step.Body));
        if (frame.Session.HostCalls.Count > calls)
        {
            throw frame.Fail("an [Eager] method is called in a Checkpoint, which computes again on the way back; call it outside", eager: true);
        }

        if (!value.DType.IsFloat())
        {
            return value;
        }

        var (after, outer, start) = (frame.Save(), frame.Region, new Rollback(frame));
        frame.Return(before, outer);
        var region = frame.Enter("checkpoint");
        var cotangent = region.Builder.Input("cotangent", value.Type, InputKind.Argument);
        var again = frame.Tensor(Interpreter.Yield(frame, step.Body));
        ImmutableArray<OpValue> read = [.. region.Taken];
        ImmutableArray<OpValue> inputs = [.. read.Select(region.InputOf)];
        ImmutableArray<int> floats = [.. Enumerable.Range(0, read.Length).Where(i => read[i].DType.IsFloat())];
        if (!floats.IsEmpty)
        {
            var along = region.Builder.Sum(again * cotangent, Enumerable.Range(0, again.Type.Rank));
            foreach (var gradient in region.Builder.Gradient(along, [.. floats.Select(i => inputs[i])]))
            {
                region.Builder.Output(gradient, OutputKind.Result);
            }
        }

        start.UndoLists();
        frame.Leave();
        frame.Return(after, outer);
        return floats.IsEmpty ? value : frame.Builder.CustomGradient(
            frame.Session.Graphs.Share(region.Builder.Build()), frame.Builder.Apply(OpCode.StopGradient, value), [.. floats.Select(i => read[i])], read, isApart: true);
    }
}
