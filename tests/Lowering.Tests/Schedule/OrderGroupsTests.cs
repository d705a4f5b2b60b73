using Unified.Ir;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>What may fail comes before what is written over state.</summary>
public sealed class OrderGroupsTests
{
    private static OpValue Look(OpBuilder b, OpValue table, OpValue indices) => b.Apply(OpCode.Gather, Attributes.Empty.With("axis", 0L), table, indices);

    private static OpValue Squared(GraphBuilder b, OpValue x) => b.MatMul(x, x, transposeB: true);

    private static int StepThatWrites(GraphProgram program, int output) => program.Buffers.Single(b => b.Kind == BufferKind.Output && b.Index == output).FirstStep;

    private static int StepOf(GraphProgram program, string label) => program.Steps.Index().Single(s => s.Item.Label.Contains(label, StringComparison.Ordinal)).Index;

    [Fact]
    public void What_is_looked_up_after_an_update_is_looked_up_first()
    {
        // Sums keep the two apart.
        var module = Check(Module(
            [F32(5, 8), F32(6, 8), I64(T)],
            (b, x) => [b.Sum(Look(b, x[1], x[2]), [1])],
            (b, x) => [(x[0] * 2.0, 0)]));
        var program = module.Programs[0];
        Assert.Single(program.Donations);
        Assert.True(StepOf(program, "gather") < StepThatWrites(program, 1), module.Text());
    }

    [Fact]
    public void Where_a_look_up_needs_the_update_the_state_is_not_written_in_place()
    {
        var program = Check(Module(
            [F32(5, 8), I64(T)],
            (b, x) =>
            {
                var updated = Squared(b, x[0] * 2.0);
                return [Look(b, updated, x[1])];
            },
            (b, x) => [(x[0] * 2.0, 0)])).Programs[0];
        Assert.Empty(program.Donations);
    }

    [Fact]
    public void What_was_looked_up_once_cannot_fail_again()
    {
        // Rows that depend on the updated state are added up by indices that the first look-up has checked.
        var known = Check(Module([F32(5, 8), F32(6, 8), I64(T), F32(T, 8)], (b, x) => [Look(b, x[1], x[2]), Later(b, x, x[2], 6)], (b, x) => [(x[0] * 2.0, 0)])).Programs[0];
        Assert.Single(known.Donations);

        // Of another extent they have not been checked, nor other indices.
        var shorter = Check(Module([F32(5, 8), F32(6, 8), I64(T), F32(T, 8)], (b, x) => [Look(b, x[1], x[2]), Later(b, x, x[2], 5)], (b, x) => [(x[0] * 2.0, 0)])).Programs[0];
        Assert.Empty(shorter.Donations);
        var others = Check(Module([F32(5, 8), F32(6, 8), I64(T), F32(T, 8), I64(T)], (b, x) => [Look(b, x[1], x[2]), Later(b, x, x[4], 6)], (b, x) => [(x[0] * 2.0, 0)])).Programs[0];
        Assert.Empty(others.Donations);

        static OpValue Later(GraphBuilder b, GraphValue[] x, OpValue indices, int rows) =>
            b.Apply(OpCode.ScatterAdd, Attributes.Empty.With("axis", 0L).With("size", (Dim)rows), indices, x[3] * b.Sum(Squared(b, x[0] * 2.0), [0, 1]));
    }
}
