using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Concat and Pad: copies into a part of a new tensor.</summary>
internal static unsafe class DataMovementKernels
{
    public static ImmutableArray<KernelRow> Rows { get; } = [new(OpCode.Concat, Concat), new(OpCode.Pad, Pad)];

    private static Tensor? Concat(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        if (operands.IsEmpty || ReductionLayout.Axis(attributes, operands[0].Rank) is not { } axis)
        {
            return null;
        }

        var dims = (int[])operands[0].Dims.Clone();
        dims[axis] = 0;
        foreach (var operand in operands)
        {
            if (operand.DType != operands[0].DType || operand.Rank != dims.Length)
            {
                return null;
            }

            for (var other = 0; other < dims.Length; other++)
            {
                if (other != axis && operand.Dims[other] != dims[other])
                {
                    return null;
                }
            }

            dims[axis] = checked(dims[axis] + operand.Dims[axis]);
        }

        var result = new Tensor(operands[0].DType, dims);
        var offset = 0L;
        foreach (var operand in operands)
        {
            Place(operand, result, offset);
            offset += operand.Dims[axis] * result.Strides[axis];
        }

        return result;
    }

    private static Tensor? Pad(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var x = operands[0];
        var (low, high) = (ViewKernels.Ints(attributes, "low"), ViewKernels.Ints(attributes, "high"));
        if (low?.Length != x.Rank || high?.Length != x.Rank)
        {
            return null;
        }

        var dims = new int[x.Rank];
        for (var axis = 0; axis < dims.Length; axis++)
        {
            if (low[axis] < 0 || high[axis] < 0)
            {
                return null;
            }

            dims[axis] = checked(low[axis] + x.Dims[axis] + high[axis]);
        }

        var result = new Tensor(x.DType, dims);
        Tensor.Fill(result, attributes.Float("value"));
        var offset = 0L;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            offset += low[axis] * result.Strides[axis];
        }

        Place(x, result, offset);
        return result;
    }

    /// <summary>Copies the source into the part of the dense target that begins at an offset, in elements.</summary>
    private static void Place(Tensor source, Tensor target, long offset)
    {
        if (source.Size == 0)
        {
            return;
        }

        var rank = source.Rank;
        Span<long> strides = stackalloc long[rank * 2];
        source.Strides.CopyTo(strides);
        target.Strides.CopyTo(strides[rank..]);
        var walk = new StridedWalk(source.Dims, strides, 2);
        var bytes = source.DType.Bytes();
        Share(source.Data, target.Data + (offset * bytes), bytes, walk, new RunBlocks(walk));
    }

    private static void Share(byte* from, byte* to, int bytes, StridedWalk walk, RunBlocks blocks) => blocks.Share((begin, end) =>
    {
        var mine = walk;
        var block = blocks.Enter(ref mine, begin);
        for (var unit = begin; unit < end; unit++)
        {
            var (start, count) = blocks.Of(block);
            var read = from + ((mine.OffsetOf(0) + (start * mine.InnerStride(0))) * bytes);
            var write = to + ((mine.OffsetOf(1) + (start * mine.InnerStride(1))) * bytes);
            if (mine.InnerStride(1) == 1)
            {
                ElementwiseLoops.CopyRun(read, mine.InnerStride(0), write, count, bytes);
            }
            else
            {
                for (var i = 0; i < count; i++)
                {
                    Buffer.MemoryCopy(read + (i * mine.InnerStride(0) * bytes), write + (i * mine.InnerStride(1) * bytes), bytes, bytes);
                }
            }

            block = blocks.Next(ref mine, block);
        }
    });
}
