using Unified.Ir;
using Unified.Lowering.Loops;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Attention's gradient is one kernel, also where heads share keys and values.</summary>
public sealed class AttentionGradientTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Heads_that_share_their_keys(bool causal)
    {
        var module = Module([F32(B, 3, T, 5), F32(B, 1, T, 5), F32(B, 1, T, 4), F32(B, 3, T, 4)], (b, x) =>
        {
            var y = b.Apply(OpCode.Attention, Attributes.Empty.With("causal", causal), x[0], x[1], x[2]);
            return [.. b.Gradient(b.Sum(y * x[3], [0, 1, 2, 3]), [x[0], x[1], x[2]])];
        });
        (long, long)[] sizes = [(2, 5), (1, 1), (1, 53)];
        var scheduled = Check(module, sizes);
        Assert.Single(scheduled.Kernels.OfType<AttentionGradientKernel>());
        Assert.Empty(scheduled.Kernels.OfType<ContractionKernel>());
        CheckNative(module, sizes);
    }
}
