using Unified.Ir;
using Unified.Lowering.Schedule;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

public sealed class TimingTmp
{
    [Theory]
    [InlineData(150)]
    [InlineData(600)]
    public void Time(int n)
    {
        var b = new GraphBuilder("step");
        var type = F32(256, 320);
        OpValue[] w = [.. Enumerable.Range(0, n).Select(i => b.Input($"w{i}", type, InputKind.State))];
        OpValue[] m = [.. Enumerable.Range(0, n).Select(i => b.Input($"m{i}", type, InputKind.State))];
        OpValue[] v = [.. Enumerable.Range(0, n).Select(i => b.Input($"v{i}", type, InputKind.State))];
        OpValue[] gs = [.. Enumerable.Range(0, n).Select(i => b.Input($"g{i}", type, InputKind.Argument))];
        var norm = gs.Select(g => b.Sum(b.Apply(OpCode.Square, g), Enumerable.Range(0, g.Shape.Rank))).Aggregate((p, q) => p + q);
        var scale = b.Apply(OpCode.Minimum, b.Scalar(DType.F32, 1), 1.0 / (b.Apply(OpCode.Sqrt, norm) + 1e-6));
        for (var i = 0; i < n; i++)
        {
            var g = gs[i] * scale;
            var m2 = (m[i] * 0.9) + (g * 0.1);
            var v2 = (b.Apply(OpCode.Abs, v[i]) * 0.99) + (b.Apply(OpCode.Square, g) * 0.01);
            b.Output(w[i] - (((m2 / (b.Apply(OpCode.Sqrt, v2) + 1e-8)) + (w[i] * 0.01)) * 1e-3), OutputKind.Assign, i);
            b.Output(m2, OutputKind.Assign, n + i);
            b.Output(v2, OutputKind.Assign, 2 * n + i);
        }

        var module = Lower(new GraphModule([b.Build()]));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var s = Scheduler.Schedule(module);
        TestContext.Current.TestOutputHelper?.WriteLine($"TIME {n}: {module.Root.Nodes.Length} nodes {watch.ElapsedMilliseconds} ms {s.Kernels.Length} kernels {s.Launches()} launches");
    }
}
