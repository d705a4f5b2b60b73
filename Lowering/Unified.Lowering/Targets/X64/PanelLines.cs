using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Where the lines of a panel begin, in elements from the first one's operand.</summary>
internal abstract record PanelLines
{
    /// <summary>Where line 0 begins.</summary>
    public abstract LlvmValue First { get; }

    /// <summary>Lines at equal distances.</summary>
    public static PanelLines Apart(KernelBuilder k, LlvmValue stride) => new Even(stride, k.I64(0));

    /// <summary>
    /// Lines number <paramref name="first"/> and on of a box of lines in row-major order; those from number <paramref name="count"/> on repeat the last.
    /// </summary>
    public static PanelLines Of(KernelBuilder k, LlvmValue first, LlvmValue count, int width, IReadOnlyList<(LlvmValue Extent, LlvmValue Stride)> axes)
    {
        var index = k.Unravel(first, [.. axes.Select(a => a.Extent)]);
        var offsets = new LlvmValue[width];
        for (var line = 0; line < width; line++)
        {
            var offset = axes.Select((a, i) => k.Mul(index[i], a.Stride)).Aggregate(k.Add);
            offsets[line] = line == 0 ? offset : k.B.Select(k.B.ICmp(LlvmIntPredicate.Slt, k.I64(line), count), offset, offsets[line - 1]);
            index = Next(k, index, axes);
        }

        return new Uneven(offsets, axes[^1].Stride, k.Min(count, k.I64(width)));
    }

    /// <summary>The next index in row-major order.</summary>
    public static LlvmValue[] Next(KernelBuilder k, IReadOnlyList<LlvmValue> index, IReadOnlyList<(LlvmValue Extent, LlvmValue Stride)> axes)
    {
        var next = index.ToArray();
        var step = k.I64(1);
        for (var axis = next.Length - 1; axis >= 0; axis--)
        {
            next[axis] = k.Add(next[axis], step);
            if (axis > 0)
            {
                var isOver = k.B.ICmp(LlvmIntPredicate.Sge, next[axis], axes[axis].Extent);
                next[axis] = k.B.Select(isOver, k.I64(0), next[axis]);
                step = k.B.Select(isOver, k.I64(1), k.I64(0));
            }
        }

        return next;
    }

    /// <summary>Where a line begins; of a line that does not exist, the last one that does.</summary>
    public abstract LlvmValue Offset(KernelBuilder k, int line, LlvmValue count);

    /// <summary>Sixteen lines' beginnings.</summary>
    public abstract LlvmValue Vector(KernelBuilder k);

    /// <summary>
    /// The lines as two runs at the distance <paramref name="step"/>, the first from line 0 on and the second up to the last one: a row of places, and the beginning of the next.
    /// Null where all lines are at one distance.
    /// </summary>
    public virtual LineRuns? Runs(KernelBuilder k, int step) => null;

    /// <summary>All lines are at one distance.</summary>
    public virtual bool AreEven => false;

    private sealed record Even(LlvmValue Stride, LlvmValue Zero) : PanelLines
    {
        public override LlvmValue First => Zero;

        public override LlvmValue Offset(KernelBuilder k, int line, LlvmValue count) => k.Mul(k.Min(k.I64(line), k.B.Sub(count, k.I64(1))), Stride);

        public override LlvmValue Vector(KernelBuilder k) => k.Mul(k.B.Iota(k.Context.I64, KernelBuilder.Lanes), k.B.Splat(Stride, KernelBuilder.Lanes));

        public override bool AreEven => true;
    }

    private sealed record Uneven(LlvmValue[] Offsets, LlvmValue Step, LlvmValue Count) : PanelLines
    {
        public override LlvmValue First => Offsets[0];

        public override LlvmValue Offset(KernelBuilder k, int line, LlvmValue count) => Offsets[line];

        public override LlvmValue Vector(KernelBuilder k)
        {
            var vector = k.B.Splat(Offsets[0], KernelBuilder.Lanes);
            for (var line = 1; line < Offsets.Length; line++)
            {
                vector = k.B.InsertElement(vector, Offsets[line], line);
            }

            return vector;
        }

        public override LineRuns? Runs(KernelBuilder k, int step)
        {
            // What a line that does not exist repeats is the last one's beginning.
            var second = k.B.Sub(Offsets[^1], k.Mul(k.B.Sub(Count, k.I64(1)), k.I64(step)));
            var lanes = k.Mul(k.B.Iota(k.Context.I64, KernelBuilder.Lanes), k.B.Splat(k.I64(step), KernelBuilder.Lanes));
            LlvmValue At(LlvmValue first) => k.B.ICmp(LlvmIntPredicate.Eq, Vector(k), k.Add(k.B.Splat(first, KernelBuilder.Lanes), lanes));
            var exist = k.LanesBelow(Count);
            LlvmValue isFirst = k.B.And(exist, At(Offsets[0])), isSecond = k.B.And(exist, k.B.Not(isFirst));
            var isNeither = k.Any(k.B.And(isSecond, k.B.Not(At(second))));
            return new LineRuns(Offsets[0], isFirst, second, isSecond, k.B.And(k.B.ICmp(LlvmIntPredicate.Eq, Step, k.I64(step)), k.B.Not(isNeither)));
        }
    }
}
