using System.Runtime.CompilerServices;
using static Unified.Ops;

namespace Unified.Tests;

public class MemoryTests
{
    [Fact]
    public void Size_classes_hold_their_sizes_and_waste_an_eighth_at_most()
    {
        var former = -1;
        for (long bytes = 1; bytes < 1L << 33; bytes += Math.Max(1, bytes / 97))
        {
            var index = TensorPool.SizeClass(bytes);
            var size = TensorPool.ClassBytes(index);
            Assert.InRange(size, bytes, Math.Max(64, bytes + (bytes / 8) + 64));
            Assert.Equal(0, size % (size >= BlockRegions.Least ? BlockRegions.Region.Granule : TensorPool.Alignment));
            Assert.InRange(index, former, 511);
            Assert.Equal(index, TensorPool.SizeClass(size));
            former = index;
        }
    }

    [Fact]
    public unsafe void Memory_is_aligned_and_reused()
    {
        var first = Tensor.Zeros([100]);
        var address = (nint)first.Data;
        Assert.Equal(0, address % 64);
        first.Dispose();
        using var second = Tensor.Zeros([100]);
        Assert.Equal(address, (nint)second.Data);
        Assert.Throws<ObjectDisposedException>(() => first.ToArray<float>());
        Assert.Throws<ObjectDisposedException>(() => first + 1);
    }

    [Fact]
    public unsafe void An_assigned_result_gives_its_memory_and_is_independent()
    {
        using var target = Tensor.Zeros([100, 100]);
        using var view = target[0];
        using var value = Tensor.Ones([100, 100]);
        var before = TensorMemory.Statistics.LiveBytes;
        target.Assign(value);
        Assert.Equal((nint)value.Data, (nint)target.Data);
        Assert.InRange(TensorMemory.Statistics.LiveBytes, 0, before);
        Assert.Equal(0f, view[0].Item<float>());

        // Whoever is written to first gets memory of his own; views of the value belong to it.
        using var part = value[1];
        value.AsSpan<float>()[100] = 5;
        Assert.Equal(5f, part[0].Item<float>());
        Assert.Equal(1f, target[1, 0].Item<float>());
        target[0, 0] = 7f;
        Assert.Equal(1f, value[0, 0].Item<float>());
        Assert.Equal(7f, target[0, 0].Item<float>());
    }

    [Fact]
    public void Twins_of_one_block_are_all_independent_and_give_it_back_once()
    {
        Collect();
        var before = TensorMemory.Statistics.LiveBlocks;
        Assign();
        Collect();
        Assert.Equal(before, TensorMemory.Statistics.LiveBlocks);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Assign()
        {
            using var value = Tensor.Ones([100, 100]);
            Tensor[] targets = [.. Enumerable.Range(0, 4).Select(_ => Tensor.Zeros([100, 100]))];
            foreach (var target in targets)
            {
                target.Assign(value);
            }

            value.CopyFrom<float>(new float[10_000]);
            targets[0].Assign(targets[1]);
            targets[1][0, 0] = 3f;
            Assert.Equal([1f, 3f, 1f, 1f], targets.Select(t => t[0, 0].Item<float>()));
            Assert.Equal(0f, value[0, 0].Item<float>());
            foreach (var target in targets)
            {
                target.Dispose();
            }
        }
    }

    [Fact]
    public void A_scope_does_not_hold_what_is_dropped_when_memory_is_short()
    {
        using var scope = new TensorScope();
        var kept = Tensor.Ones([1 << 20]);
        TensorMemory.ResetPeak();
        Drop();
        Assert.InRange(TensorMemory.Statistics.PeakBytes, 0, 3L << 30);
        Assert.Equal(1f, kept[5].Item<float>());
        scope.Dispose();
        Assert.True(kept.IsDisposed);

        // 8 GiB in all.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop()
        {
            for (var i = 0; i < 512; i++)
            {
                Tensor.Zeros([4 << 20]);
            }
        }
    }

    [Fact]
    public void Views_keep_the_memory_of_what_they_show()
    {
        Collect();
        var before = TensorMemory.Statistics.LiveBytes;
        Show();
        Collect();
        Assert.Equal(before, TensorMemory.Statistics.LiveBytes);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Show()
        {
            var x = Tensor.Ones([64, 64]);
            var view = x.Transpose(1, 0);
            x.Dispose();
            Assert.Equal(64, view.Sum(0)[0].Item<float>());
            view.Dispose();
        }
    }

    [Fact]
    public void Training_runs_at_a_fixed_size_and_leaves_nothing()
    {
        Collect();
        var before = TensorMemory.Statistics;
        Train(3);
        Collect();
        TensorMemory.ResetPeak();
        var live = TensorMemory.Statistics.LiveBytes;
        Train(20);
        Collect();
        var after = TensorMemory.Statistics;
        Assert.Equal(before.LiveBytes, live);
        Assert.Equal(before.LiveBytes, after.LiveBytes);
        Assert.Equal(before.LiveBlocks, after.LiveBlocks);
    }

    [Fact]
    public void What_only_the_tape_holds_is_freed_by_going_back()
    {
        // Scopes hold every handle, so no finalizer takes part.
        Collect();
        using var scope = new TensorScope();
        var w = new Parameter(Tensor.Ones([256, 256]));
        var x = Tensor.Ones([64, 256]);
        var block = 64 * 256 * 4L;
        Step(w, x);
        var before = TensorMemory.Statistics.LiveBytes;
        for (var i = 0; i < 10; i++)
        {
            Step(w, x);
            Assert.InRange(TensorMemory.Statistics.LiveBytes, before, before + block);
        }

        w.ZeroGrad();

        static void Step(Parameter w, Tensor x)
        {
            using var step = new TensorScope();
            var h = x;
            for (var i = 0; i < 6; i++)
            {
                h = Tanh(MatMul(h, w) * 0.01);
            }

            Mean(h).Backward();
        }
    }

    [Fact]
    public void Dropped_tensors_are_collected_before_memory_runs_away()
    {
        Collect();
        TensorMemory.ResetPeak();
        var before = TensorMemory.Statistics.LiveBytes;
        for (var i = 0; i < 500; i++)
        {
            Drop();
        }

        Assert.InRange(TensorMemory.Statistics.PeakBytes - before, 0, 600L << 20);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop() => Assert.Equal(1 << 22, Tensor.Zeros([1 << 22]).Size);
    }

    [Fact]
    public void Scopes_dispose_all_but_what_is_kept()
    {
        Tensor kept, dropped, handed;
        Parameter parameter;
        Generator generator;
        using (var outer = new TensorScope())
        {
            using (var inner = new TensorScope())
            {
                kept = outer.Keep(inner.Keep(Tensor.Ones([3])));
                handed = inner.Keep(Tensor.Ones([3]));
                dropped = kept + 1;
                parameter = new Parameter(dropped);
                generator = new Generator(1);
            }

            Assert.True(dropped.IsDisposed);
            Assert.False(handed.IsDisposed);
        }

        Assert.True(handed.IsDisposed);
        Assert.Equal([1, 1, 1], kept.ToArray<float>());
        Assert.Equal([2, 2, 2], parameter.ToArray<float>());
        Assert.Equal([1L, 0], generator.State.ToArray<long>());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Train(int steps)
    {
        var w = new Parameter(Tensor.Ones([32, 32]));
        var moment = Tensor.Zeros([32, 32]);
        var x = Tensor.Ones([8, 32]);
        for (var i = 0; i < steps; i++)
        {
            var (loss, gradients) = ValueAndGrad(() => Mean(Square(Gelu(MatMul(x, w)) - 1.0)), [w]);
            using (NoGrad())
            {
                moment.Assign((moment * 0.9) + gradients[0]);
                w.Assign(w - (moment * 0.01));
            }

            Assert.True(double.IsFinite(loss.ToScalar()));
        }
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
