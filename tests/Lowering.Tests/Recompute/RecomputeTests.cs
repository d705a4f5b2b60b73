using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Recompute;
using Unified.Lowering.Schedule;
using Unified.Lowering.Tests.Passes;

namespace Unified.Lowering.Tests.Recompute;

public sealed class RecomputeTests
{
    private static readonly Dictionary<string, long> s_sizes = new() { ["B"] = 16, ["T"] = 32 };

    private static long ArenaBytes(ScheduledModule made) => ProgramMemory.Of(made.Programs, s_sizes)[0].ArenaBytes;

    private static GraphModule Stack(int depth) => Pipeline.Run(Modules.Stack(depth), new PassContext(Verify: true) { HasKernel = Scheduler.HasKernel });

    /// <summary>Whatever is chosen, the module is legal and its values are the same.</summary>
    [Fact]
    public void Random_modules_keep_their_values()
    {
        var (repeated, inCalls) = (0, 0);
        for (var seed = 0; seed < 60; seed++)
        {
            var module = Pipeline.Run(new RandomModules(seed, smooth: true).Make(1), new PassContext(Verify: true));
            var (candidates, middle) = FindRecomputable.Run(module, s_sizes);
            foreach (var count in new[] { 1, candidates.Length / 2, candidates.Length }.Where(c => c <= candidates.Length))
            {
                var after = RecomputeValues.Run(module, [.. candidates.Take(count)], middle);
                Assert.Empty(GraphVerifier.Verify(after));
                Evaluation.Same(module, after);
            }

            repeated += candidates.Length;
            inCalls += candidates.Count(c => c.IsInCall);
        }

        Assert.True(repeated > 60 && inCalls > 10, $"{repeated} candidates, {inCalls} of them in calls");
    }

    [Fact]
    public void A_stack_fits_into_less()
    {
        var plan = SchedulePlan.Usual with { Sizes = s_sizes };
        var module = Stack(12);
        var whole = ArenaBytes(Scheduler.Schedule(module, plan));
        var before = whole;
        foreach (var share in new[] { 1.0, 0.9, 0.8 })
        {
            var bytes = ArenaBytes(FitMemory.Run(module, plan, (long)(whole * share)));
            Assert.InRange(bytes, 1, (long)(whole * share));
            Assert.True(bytes <= before);
            before = bytes;
        }
    }

    [Fact]
    public void Cheap_work_is_done_again_before_products()
    {
        var (candidates, _) = FindRecomputable.Run(Stack(12), s_sizes);
        Assert.NotEmpty(candidates);
        Assert.Equal(candidates.OrderBy(c => c.Chain.HasProducts), candidates);
        Assert.All(candidates, c => Assert.True(c.Saved > 0));
    }

    [Fact]
    public void What_cannot_be_had_is_refused_with_the_least_that_can()
    {
        var e = Assert.Throws<GraphCompileException>(() => FitMemory.Run(Stack(12), SchedulePlan.Usual with { Sizes = s_sizes }, 1));
        Assert.Contains("main needs", e.Message, StringComparison.Ordinal);
        Assert.Contains("B = 16, T = 32", e.Message, StringComparison.Ordinal);
        Assert.False(e.EagerIsPossible);
    }
}
