using Unified.Ir;

namespace Unified;

/// <summary>What an elementwise kernel computes: some of the units of its result.</summary>
internal interface IStretchedWork
{
    void Run(Tensor result, StridedWalk walk, RunBlocks blocks, long begin, long end);
}

/// <summary>Runs elementwise kernels of several operands under the shape that these are stretched to.</summary>
internal static class StretchedWork
{
    /// <summary>A new tensor of the shape, computed by one thread or, where that pays, by all.</summary>
    public static Tensor Run<TWork>(TWork work, DType dtype, int[] dims, params ReadOnlySpan<Tensor> operands)
        where TWork : struct, IStretchedWork
    {
        var result = new Tensor(dtype, dims);
        if (result.Size == 0)
        {
            return result;
        }

        var walk = Strided.Walk(dims, operands);
        var blocks = new RunBlocks(walk);
        if (SharedWork.Pays(result.Size))
        {
            Share(work, result, walk, blocks);
        }
        else
        {
            work.Run(result, walk, blocks, 0, blocks.Units);
        }

        return result;
    }

    // Of its own, so that small results allocate nothing for it.
    private static void Share<TWork>(TWork work, Tensor result, StridedWalk walk, RunBlocks blocks)
        where TWork : struct, IStretchedWork => blocks.Share((begin, end) => work.Run(result, walk, blocks, begin, end));
}
