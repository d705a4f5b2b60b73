using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

/// <summary>Runs a kernel compiled and point by point, on every target and in pieces of several sizes, and compares all buffers.</summary>
internal static class Agreement
{
    public static void Check(LoopKernel kernel, Block[] buffers, long[] parameters, long units, double tolerance, long status = 0)
    {
        var expected = buffers.Select(b => b.Copy()).ToArray();
        var scratch = kernel is RowKernel rows ? rows.ScratchBytes(parameters[rows.Axes - 1]).Value : 0;
        Assert.Equal(status, ReferenceKernels.Run(kernel, expected, parameters));
        foreach (var target in KernelRunner.Targets)
        {
            foreach (var grain in (long[])[long.MaxValue, 3])
            {
                var actual = buffers.Select(b => b.Copy()).ToArray();
                Assert.Equal(status, KernelRunner.Run(kernel, actual, parameters, units, grain, scratch, target.Data));
                for (var b = 0; b < buffers.Length; b++)
                {
                    Equal(expected[b], actual[b], tolerance, $"{target.Data}, buffer {b}, parameters {string.Join(' ', parameters)}");
                }

                Dispose(actual);
            }
        }

        Dispose(expected);
    }

    public static void Equal(Block expected, Block actual, double tolerance, string where)
    {
        for (long i = 0; i < expected.Count; i++)
        {
            double want = expected[i], have = actual[i];
            var close = want.Equals(have) || Math.Abs(want - have) <= tolerance * Math.Max(1, Math.Abs(want));
            Assert.True(close, $"{where}: element {i} is {have:R}, not {want:R}");
        }
    }

    public static void Dispose(params ReadOnlySpan<Block> blocks)
    {
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }

    /// <summary>Small repeatable numbers of both signs that every type holds.</summary>
    public static double Value(long i) => (((i * 2654435761L) >> 7) % 17) - 8;

    /// <summary>Numbers in (−1, 1).</summary>
    public static double Fraction(long i) => ((((i + 1) * 2654435761L) >> 5) % 1999 / 1000.0) - 0.9995;
}
