using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using Unified.Ir;

namespace Unified;

/// <summary>Elementwise choice by a bool tensor.</summary>
internal static unsafe class SelectKernel
{
    private const int Chunk = 1024;

    public static ImmutableArray<KernelRow> Rows { get; } = [new(OpCode.Select, Run)];

    private static Tensor? Run(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var (condition, x, y) = (operands[0], operands[1], operands[2]);
        if (condition.DType != DType.Bool || x.DType != y.DType || Strided.Broadcast(x.Dims, y.Dims) is not { } values
            || Strided.Broadcast(condition.Dims, values) is not { } dims)
        {
            return null;
        }

        return StretchedWork.Run(new Choice(condition, x, y), x.DType, dims, condition, x, y);
    }

    private static void SpreadOnce(byte* run, long step, byte* buffer, int n, int bytes)
    {
        if (step == 0)
        {
            ElementwiseLoops.CopyRun(run, 0, buffer, n, bytes);
        }
    }

    private static void Choose(byte* condition, byte* x, byte* y, byte* target, int n, int bytes)
    {
        switch (bytes)
        {
            case 1:
                ChooseEach(condition, x, y, target, 0, n);
                break;
            case 2:
                ChooseEach(condition, (ushort*)x, (ushort*)y, (ushort*)target, 0, n);
                break;
            case 4:
                ChooseWords(condition, (uint*)x, (uint*)y, (uint*)target, n);
                break;
            default:
                ChooseEach(condition, (ulong*)x, (ulong*)y, (ulong*)target, 0, n);
                break;
        }
    }

    private static void ChooseWords(byte* condition, uint* x, uint* y, uint* target, int n)
    {
        var i = 0;
        for (; i <= n - 16; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.WidenLower(Vector128.Load(condition + i).ToVector256Unsafe()));
            var mask = Vector512.Equals(Vector512.Create(low, high), Vector512<uint>.Zero);
            Vector512.ConditionalSelect(mask, Vector512.Load(y + i), Vector512.Load(x + i)).Store(target + i);
        }

        ChooseEach(condition, x, y, target, i, n);
    }

    private static void ChooseEach<T>(byte* condition, T* x, T* y, T* target, int start, int n)
        where T : unmanaged
    {
        for (var i = start; i < n; i++)
        {
            target[i] = condition[i] != 0 ? x[i] : y[i];
        }
    }

    private readonly struct Choice(Tensor condition, Tensor x, Tensor y) : IStretchedWork
    {
        public void Run(Tensor result, StridedWalk walk, RunBlocks blocks, long begin, long end)
        {
            var bytes = x.DType.Bytes();
            long cStep = walk.InnerStride(0), xStep = walk.InnerStride(1), yStep = walk.InnerStride(2);
            var cBuffer = stackalloc byte[Chunk];
            var xBuffer = stackalloc byte[Chunk * 8];
            var yBuffer = stackalloc byte[Chunk * 8];
            var block = blocks.Enter(ref walk, begin);
            var target = result.Data + (blocks.Offset(begin) * bytes);
            for (var unit = begin; unit < end; unit++)
            {
                var (start, count) = blocks.Of(block);
                var cRun = condition.Data + walk.OffsetOf(0);
                var xRun = x.Data + (walk.OffsetOf(1) * bytes);
                var yRun = y.Data + (walk.OffsetOf(2) * bytes);
                for (var done = start; done < start + count; done += Chunk)
                {
                    var n = Math.Min(Chunk, start + count - done);
                    if (done == start)
                    {
                        SpreadOnce(cRun, cStep, cBuffer, n, 1);
                        SpreadOnce(xRun, xStep, xBuffer, n, bytes);
                        SpreadOnce(yRun, yStep, yBuffer, n, bytes);
                    }

                    Choose(
                        ElementwiseLoops.Neighbours(cRun, cStep, done, cBuffer, n, 1),
                        ElementwiseLoops.Neighbours(xRun, xStep, done, xBuffer, n, bytes),
                        ElementwiseLoops.Neighbours(yRun, yStep, done, yBuffer, n, bytes),
                        target, n, bytes);
                    target += (long)n * bytes;
                }

                block = blocks.Next(ref walk, block);
            }
        }
    }
}
