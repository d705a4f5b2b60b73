using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Turns a loop that the host would run many times into one that the graph runs, so that the graph does not grow with the number of turns.
/// What the loop has unrolled so far is taken back. A body that depends on its turn by more than arithmetic and indexing (a layer taken from a
/// list, a host expression, a size) is left to be unrolled.
/// </summary>
internal static class RolledLoops
{
    // A few turns are faster unrolled: what is computed in one turn is fused with the next.
    private const int FewTurns = 8;
    private const int ManyTurns = 64;
    private const int ManyNodes = 256;

    /// <summary>Each exit that depends on a tensor puts the turns after it into a graph of its own, one within the other.</summary>
    public const int NestedTurns = 16;

    public static bool IsLong(int turns, int nodes) => turns >= ManyTurns || (turns >= FewTurns && nodes >= ManyNodes);

    /// <summary>Runs the loop from where it started. Null when it has to be unrolled: everything is then as it was.</summary>
    /// <param name="sizes">None is negative exactly where the loop has a first turn; default: it has.</param>
    public static Flow? TryRun(Frame frame, LoopInstruction step, Rollback start, ImmutableArray<Dim> sizes = default)
    {
        var undone = start.Undo();
        try
        {
            var flow = sizes.IsDefault ? TensorLoops.Roll(frame, step) : TensorLoops.Run(frame, step, sizes.Select(d => IsNotNegative(frame.Builder, d))
                .Aggregate((a, b) => frame.Builder.Apply(OpCode.LogicalAnd, a, b)));
            frame.Session.RolledLoops++;
            frame.Session.HasSequenceLoops |= !sizes.IsDefault;
            return flow;
        }
        catch (GraphCompileException)
        {
            Rollback.Redo(frame, undone);
            return null;
        }
    }

    private static OpValue IsNotNegative(OpBuilder b, Dim dim) => b.Apply(OpCode.GreaterEqual, b.DimSize(dim, DType.I64), b.Scalar(DType.I64, 0));

    /// <summary>
    /// A <c>foreach</c> over numbers that grow or fall by the same step, as the <c>for</c> that it could have been written as; null where the
    /// items are something else.
    /// </summary>
    public static LoopInstruction? Counted(Frame frame, ForEachInstruction step, ImmutableArray<Value> items)
    {
        if (items.Length < FewTurns || items.Any(i => i is not HostValue { Object: int }))
        {
            return null;
        }

        var numbers = items.Select(i => (long)(int)((HostValue)i).Object!).ToArray();
        var (stride, last) = (numbers[1] - numbers[0], numbers[^1]);
        if (stride == 0 || last + stride is < int.MinValue or > int.MaxValue || Enumerable.Range(1, numbers.Length - 1).Any(i => numbers[i] - numbers[i - 1] != stride))
        {
            return null;
        }

        var (item, limit, result) = frame.SpareRegisters;
        return new LoopInstruction(
            new Block(
                [
                    new LoadInstruction(item, step.Local), new LiteralInstruction(limit, (int)last),
                    new HostInstruction(result, stride > 0 ? "le" : "ge", "bool", [item, limit]),
                ],
                result),
            step.Body,
            new Block(
            [
                new LoadInstruction(item, step.Local), new LiteralInstruction(limit, (int)stride),
                new HostInstruction(result, "add", "int", [item, limit]), new StoreInstruction(step.Local, result),
            ]),
            TestFirst: true,
            step.Source);
    }
}
