using Unified.Ir;
using Unified.Lowering.Loops;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Few queries read keys and values where they lie; how many are few is decided at run time where it is not known before.</summary>
public sealed class DecodeAttentionTests
{
    private static readonly (long B, long T)[] Sizes = [(2, 5), (1, 1), (1, 64), (3, 65), (1, 200)];

    public static TheoryData<bool, int, int, int> Forms { get; } = new()
    {
        { false, 1, 1, 1 }, { true, 1, 64, 64 }, { true, 3, 5, 7 }, { false, 2, 17, 70 }, { true, 1, 130, 16 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void One_head(bool causal, int queries, int depth, int width) =>
        Both(Module([F32(B, queries, depth), F32(B, T, depth), F32(B, T, width)], (b, x) => [Attend(b, causal, x)]), packs: false);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Heads_that_share_their_keys(bool causal, int queries, int depth, int width) => Both(
        Module([F32(B, 2, 2, queries, depth), F32(B, 2, 1, T, depth), F32(B, 2, 1, T, width)], (b, x) => [Attend(b, causal, x)]), packs: false);

    [Fact]
    public void Parts_of_heads_that_stand_side_by_side_are_read_where_they_lie() => Both(
        Module([F32(B, 1, 12), F32(B, T, 12)], (b, x) =>
        {
            OpValue Split(OpValue v, Dim length) => b.Transpose(b.Reshape(v, Shape.From(B, length, 3, 4)), [0, 2, 1, 3]);
            return [Attend(b, false, Split(x[0], 1), Split(x[1], T), Split(x[1], T))];
        }),
        packs: false);

    [Fact]
    public void Many_queries_are_worth_packing()
    {
        var scheduled = Both(Module([F32(B, 9, 4), F32(B, T, 4), F32(B, T, 4)], (b, x) => [Attend(b, false, x)]), packs: true);
        Assert.Empty(scheduled.Kernels.OfType<DecodeAttentionKernel>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void As_many_queries_as_a_call_has(bool causal)
    {
        var module = Module([F32(2, T, 6), F32(2, 200, 6), F32(2, 200, 5)], (b, x) => [Attend(b, causal, x)]);
        (long, long)[] sizes = [(1, 1), (1, 8), (1, 9), (1, 40)];
        var scheduled = Check(module, sizes);
        Assert.Single(scheduled.Kernels.OfType<DecodeAttentionKernel>());
        Assert.Single(scheduled.Kernels.OfType<AttentionKernel>());
        CheckNative(module, sizes);
    }

    /// <summary>Lengths are the test's own: B of them, as sums of a constant and what an input says (0 to 3).</summary>
    [Theory]
    [InlineData(false, 1, DType.I64)]
    [InlineData(true, 2, DType.I32)]
    [InlineData(true, 12, DType.I64)]
    public void Keys_behind_the_length_are_not_looked_at(bool causal, int queries, DType type)
    {
        var module = Module([F32(B, 3, queries, 16), F32(B, 3, 90, 16), F32(B, 3, 90, 8), new(type, Shape.From(B, 1))], (b, x) =>
        {
            var length = x[3] + b.ScalarLike(x[3], 70);

            // What is not looked at may be anything: behind 80 there is no number.
            var behind = b.Apply(OpCode.Less, b.Iota(Shape.From(90, 1), 0, DType.I64), b.DimSize(80, DType.I64));
            OpValue Spoiled(OpValue v) => b.Select(behind, v, b.ScalarLike(v, double.NaN));
            return [b.Apply(OpCode.Attention, Attributes.Empty.With("causal", causal), x[0], Spoiled(x[1]), Spoiled(x[2]), length)];
        });
        var scheduled = Both(module, packs: queries > TunableTable.DecodeQueries.Default);
        Assert.DoesNotContain(scheduled.Kernels, k => k is ContractionKernel);
    }

    /// <summary>What one layer has checked cannot fail in the next: all caches are written where they lie, though a call that throws must have changed nothing.</summary>
    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public void Caches_with_room_are_written_where_they_lie(bool sharedPosition, int inPlace)
    {
        TensorType cache = F32(1, 2, 50, 4), row = F32(1, 2, 1, 4);
        var module = Module(
            [cache, cache, row, row, I64(), I64()],
            (b, x) => [],
            (b, x) =>
            {
                OpValue Step(OpValue query, int layer, out OpValue updated)
                {
                    var start = sharedPosition ? x[4] : x[4 + layer];
                    updated = b.Apply(OpCode.UpdateSlice, Attributes.Empty.With("axis", 2L), x[layer], query, start);
                    return b.Apply(OpCode.Attention, query, updated, updated, start + b.ScalarLike(start, 1));
                }

                var result = Step(Step(x[2], 0, out var first), 1, out var second);
                return [(first, 0), (second, 1), (result, 3)];
            });
        var scheduled = Lowering.Schedule.Scheduler.Schedule(module, Lowering.Schedule.SchedulePlan.Usual);
        Assert.Equal(inPlace, scheduled.Programs[0].Donations.Count(d => d.Input < 2));
        Assert.Equal(["decode"], scheduled.Kernels.Where(k => k is not RowKernel).Select(k => LoopText.Print(k).Split(' ')[0]));
    }

    /// <summary>Short floats are widened as they are read, and the result is rounded once.</summary>
    [Theory]
    [InlineData(DType.BF16, 2)]
    [InlineData(DType.F16, 1)]
    [InlineData(DType.BF16, 12)]
    public void Short_floats_are_read_as_they_are(DType type, int queries)
    {
        var module = Module([new(type, Shape.From(B, 2, queries, 20)), new(type, Shape.From(B, 2, T, 20)), new(type, Shape.From(B, 2, T, 9))], (b, x) => [Attend(b, false, x)]);
        var scheduled = Lowering.Schedule.Scheduler.Schedule(module, Lowering.Schedule.SchedulePlan.Usual);
        Assert.DoesNotContain(scheduled.Kernels, k => k is RowKernel);
        CheckNative(module, 8e-3, Sizes);
    }

    private static OpValue Attend(GraphBuilder b, bool causal, params OpValue[] x) => b.Apply(OpCode.Attention, Attributes.Empty.With("causal", causal), x);

    private static Lowering.Schedule.ScheduledModule Both(GraphModule module, bool packs)
    {
        var scheduled = Check(module, Sizes);
        Assert.Equal(packs, scheduled.Kernels.Any(k => k is PackKernel));
        CheckNative(module, Sizes);
        return scheduled;
    }
}
