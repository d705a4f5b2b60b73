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

        return new Uneven(offsets);
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

    /// <summary>Whether lines that may be neighbours are; null where they always are.</summary>
    public abstract LlvmValue? AreNeighbours(KernelBuilder k, int width);

    private sealed record Even(LlvmValue Stride, LlvmValue Zero) : PanelLines
    {
        public override LlvmValue First => Zero;

        public override LlvmValue Offset(KernelBuilder k, int line, LlvmValue count) => k.Mul(k.Min(k.I64(line), k.B.Sub(count, k.I64(1))), Stride);

        public override LlvmValue Vector(KernelBuilder k) => k.Mul(k.B.Iota(k.Context.I64, KernelBuilder.Lanes), k.B.Splat(Stride, KernelBuilder.Lanes));

        public override LlvmValue? AreNeighbours(KernelBuilder k, int width) => null;
    }

    private sealed record Uneven(LlvmValue[] Offsets) : PanelLines
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

        public override LlvmValue? AreNeighbours(KernelBuilder k, int width) => Enumerable.Range(1, width - 1)
            .Select(line => k.B.ICmp(LlvmIntPredicate.Eq, Offsets[line], k.Add(Offsets[0], k.I64(line)))).Aggregate((x, y) => k.B.And(x, y));
    }
}
