using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

public sealed class PhiloxTests
{
    [Fact]
    public void The_reference_gives_the_known_answers()
    {
        Assert.Equal([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8], ReferenceKernels.Philox(0, 0));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1234567890123456789, 5)]
    [InlineData(-1, 4294967290)]
    [InlineData(42, 281474976710655)]
    public void Elements_are_the_words_of_the_stream(long seed, long offset)
    {
        foreach (var type in (DType[])[DType.F32, DType.F64])
        {
            var kernel = new RowKernel(
                [new(DType.I64, false), new(type, true)], 1, 1,
                [
                    new LoadNode(DType.I64, 0, [Stride.Zero]),
                    new ParameterNode(DType.I64, 0),
                    new ConstantNode(DType.I64, offset),
                    new IndexNode(0),
                    new UniformNode(type, 0, 2, 3),
                ],
                [new Stage([], [new Store(1, [Stride.One], 4)])]);
            using var key = new Block(DType.I64, 1);
            unsafe
            {
                *(long*)key.Data = seed;
            }

            using var y = new Block(type, 77);
            foreach (var target in KernelRunner.Targets)
            {
                // Pieces of 20 and of 77 begin at a multiple of four, those of 5 do not.
                foreach (long grain in (long[])[5, 20, 77])
                {
                    _ = KernelRunner.Run(kernel, [key, y], [77], 77, grain, target: target.Data);
                    for (var i = 0; i < 77; i++)
                    {
                        var word = ReferenceKernels.Philox((ulong)seed, (ulong)offset + ((ulong)i / 4))[i % 4];
                        Assert.Equal(type == DType.F64 ? word * Math.Pow(2, -32) : (word >> 8) * Math.Pow(2, -24), y[i]);
                    }
                }
            }
        }
    }
}
