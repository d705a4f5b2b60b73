using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Elements overwritten in place.</summary>
public unsafe partial class Tensor
{
    /// <summary>The elements that an item takes, as offsets into the dense tensor; <paramref name="Dims"/> are the axes that it leaves.</summary>
    private sealed record Taken(long[] Offsets, int[] Dims);

    private void Set(ReadOnlySpan<TensorIndex> indices, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var parts = Parts(indices);
        var isMapped = Mapping is not null || value.Mapping is not null || parts.Exists(p => (p.Picks ?? p.Mask)?.Mapping is not null);
        if (isMapped || (!Tape.IsPaused && DType.IsFloat() && (Slot is not null || value.Slot is not null)))
        {
            using var builder = new EagerBuilder();
            using var updated = builder.Take(Eager.Anew(() => ElementUpdate.Apply(builder, builder.Wrap(this), [.. parts.Select(p => p.InRule(builder))], builder.Wrap(value))));
            Overwrite(updated, takesOver: true);
            Tape.Overwritten(this, updated.Slot);
            return;
        }

        var strides = Strided.DenseStrides(_dims);
        var axis = 0;
        var taken = new List<Taken>();
        foreach (var part in parts)
        {
            taken.Add(part.Taken(this, axis, strides[axis + part.Axes - 1]));
            axis += part.Axes;
        }

        using var cast = value.DType == DType ? value.Alias() : CastKernels.Convert(value, DType);
        using var spread = Ops.BroadcastTo(cast, [.. taken.SelectMany(t => t.Dims)]);
        using var flat = Ops.Reshape(spread, [.. taken.Select(t => t.Dims.Length == 0 ? 1 : (int)Strided.Size(t.Dims))]);
        Write([.. taken.Select(t => t.Offsets)], flat);
        ForgetHistory();
        GC.KeepAlive(value);
    }

    // The value has a size of 1 where a mask takes any number of elements.
    private void Write(ImmutableArray<long[]> offsets, Tensor value)
    {
        var size = DType.Bytes();
        var target = WritableData();
        var source = value.Data;
        Along(0, 0, 0);
        GC.KeepAlive(value);

        void Along(int axis, long to, long from)
        {
            if (axis == offsets.Length)
            {
                Buffer.MemoryCopy(source + (from * size), target + (to * size), size, size);
                return;
            }

            var step = value._dims[axis] == 1 ? 0 : value._strides[axis];
            for (var i = 0; i < offsets[axis].Length; i++)
            {
                Along(axis + 1, to + offsets[axis][i], from + (i * step));
            }
        }
    }

    /// <summary>What an item of the indexer takes, before it is known how it is written.</summary>
    /// <param name="Axes">How many axes it stands for.</param>
    private sealed record Part(int Axes, int Start, int Size, bool IsDropped, Tensor? Picks, Tensor? Mask)
    {
        public AxisPart InRule(EagerBuilder builder) => new(
            Start, Size, IsDropped, Picks is null ? null : builder.Wrap(Picks), Mask: Mask is null ? null : builder.Wrap(Mask));

        public Taken Taken(Tensor x, int axis, long stride)
        {
            if (Mask is not null)
            {
                var flags = Mask.ToArray<bool>();
                return new([.. Enumerable.Range(0, flags.Length).Where(i => flags[i]).Select(i => i * stride)], [1]);
            }

            if (Picks is not null)
            {
                return new([.. IndexKernels.Normalised(Picks, x._dims[axis], OpCode.Gather).Select(i => i * stride)], Picks._dims);
            }

            return new([.. Enumerable.Range(Start, Size).Select(i => i * stride)], IsDropped ? [] : [Size]);
        }
    }

    private List<Part> Parts(ReadOnlySpan<TensorIndex> indices)
    {
        var free = Rank;
        foreach (var item in indices)
        {
            free -= item.Tensor is { DType: DType.Bool } mask ? mask.Rank : 1;
        }

        if (free < 0)
        {
            throw new IndexOutOfRangeException($"{indices.Length} indices for the shape {Shape} of rank {Rank}");
        }

        var parts = new List<Part>();
        var axis = 0;
        for (var i = 0; i < indices.Length; i++)
        {
            var part = OfItem(indices[i], axis);
            for (var all = indices[i].IsAll && i == 0 ? free : 0; all > 0; all--)
            {
                parts.Add(Whole(axis++));
            }

            parts.Add(part is null ? Whole(axis) : part);
            axis += parts[^1].Axes;
        }

        while (axis < Rank)
        {
            parts.Add(Whole(axis++));
        }

        return parts;
    }

    private Part Whole(int axis) => new(1, 0, _dims[axis], false, null, null);

    private Part? OfItem(TensorIndex item, int axis)
    {
        switch (item)
        {
            case { IsAll: true }:
                return null;
            case { Tensor: { DType: DType.Bool } mask }:
                return mask._dims.AsSpan().SequenceEqual(_dims.AsSpan(axis, mask.Rank)) ? new Part(mask.Rank, 0, 0, false, null, mask)
                    : throw new ShapeException($"a mask of shape {mask.Shape} does not fit the axes from {axis} of shape {Shape}");
            case { Tensor: { DType: DType.I32 or DType.I64 } picks }:
                return new Part(1, 0, _dims[axis], false, picks, null);
            case { Tensor: { } odd }:
                throw new ShapeException($"an index tensor is i32 or i64, or bool for a mask, not {odd.DType.Text()}");
            case { Range: { } range }:
                var (start, size) = TensorIndex.On(range, this, axis);
                return new Part(1, start, size, false, null, null);
            default:
                return new Part(1, item.On(this, axis), 1, true, null, null);
        }
    }
}
