using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

public sealed class ErrorLinearUnitTests
{
    private static RowKernel Kernel(DType type) => new(
        [new(type, false), new(type, true)], 1, 1, [new LoadNode(type, 0, [Stride.One]), new ComputeNode(type, OpCode.Gelu, [0])], [new Stage([], [new Store(1, [Stride.One], 1)])]);

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    public void Gelu_keeps_its_digits_below_zero_too(DType type)
    {
        const int Count = 160_001;
        static double At(long i) => (float)((i - 80_000) * 0.0001);
        foreach (var target in KernelRunner.Targets)
        {
            using Block x = new Block(type, Count).Fill(At), y = new(type, Count);
            _ = KernelRunner.Run(Kernel(type), [x, y], [Count], Count, target: target.Data);
            foreach (var (i, gelu) in y.ToArray().Index())
            {
                // By its definition, in f32, half of the digits would be gone at -4.
                var expected = 0.5 * At(i) * (1 + ReferenceOps.Erf(At(i) * Math.Sqrt(0.5)));
                Assert.Equal(expected, gelu, At(i) < -4 ? 2e-7 : type == DType.F32 ? Math.Abs(expected) * (At(i) < 0 ? 4e-6 : 2e-7) : 1e-13);
            }
        }
    }

    [Fact]
    public void Gelu_of_what_is_special()
    {
        (double X, double Gelu)[] cases =
        [
            (0, 0), (-0.0, -0.0), (double.PositiveInfinity, double.PositiveInfinity), (double.NegativeInfinity, double.NaN), (double.NaN, double.NaN), (1e30f, 1e30f), (float.MaxValue, float.MaxValue), (1, 0.8413447460685429),
            (-1e30f, 0), (float.MinValue, 0), (1e-30f, 5e-31), (-1e-30f, -5e-31),
        ];
        foreach (var target in KernelRunner.Targets)
        {
            using Block x = new Block(DType.F32, cases.Length).Fill(i => cases[i].X), y = new(DType.F32, cases.Length);
            _ = KernelRunner.Run(Kernel(DType.F32), [x, y], [cases.Length], cases.Length, target: target.Data);
            Assert.All(cases.Zip(y.ToArray()), c => Assert.Equal(c.First.Gelu, c.Second, 1e-11 + (2e-7 * Math.Abs(double.IsFinite(c.First.Gelu) ? c.First.Gelu : 0))));
        }
    }

    [Fact]
    public void Machines_with_fused_multiplication_give_the_same_bits()
    {
        const int Count = 20_011;
        double[]? first = null;
        foreach (var target in KernelRunner.Targets.Where(t => TargetCpu.Parse(t.Data).Has("fma")))
        {
            using Block x = new Block(DType.F32, Count).Fill(i => (i - 10_000) * 0.001), y = new(DType.F32, Count);
            _ = KernelRunner.Run(Kernel(DType.F32), [x, y], [Count], Count, target: target.Data);
            first ??= y.ToArray();
            Assert.Equal(first, y.ToArray());
        }
    }

    [Fact]
    public void Four_vectors_take_turns()
    {
        var text = new X64Emitter(TargetCpu.X64V4).EmitText(Kernel(DType.F32), "kernel");
        Assert.Equal(1 + (4 * 6), text[..text.IndexOf("vmovntps", StringComparison.Ordinal)].Split("vpermps").Length);
    }
}
