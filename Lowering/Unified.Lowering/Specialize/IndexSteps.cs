using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Indexers of tensors: a slice of each axis, then the axes indexed by one int dropped, then rows gathered.</summary>
internal static class IndexSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<IndexInstruction>((f, i) => f[i.Result] = Index(f, i))];

    /// <summary>What an item takes of its axis.</summary>
    /// <param name="Indices">A tensor of indices.</param>
    /// <param name="At">Indices that only the running graph knows: a number, or some in a row.</param>
    private sealed record Part(Dim Start, Dim Size, bool IsDropped, OpValue? Indices, OpValue? At = null);

    private static Value Index(Frame frame, IndexInstruction step)
    {
        var source = frame[step.Tensor];
        var x = frame.Tensor(source);
        var parts = Parts(frame, step.Items, x.Shape);
        if (parts.Count(p => p.Indices is not null) > 1)
        {
            throw frame.Fail("an indexer takes at most one index tensor; index once more for the next", eager: true);
        }

        var result = x;
        if (parts.Zip(x.Shape).Any(p => p.First.At is null && (!p.First.Start.Is(0) || p.First.Size != p.Second)))
        {
            result = frame.Builder.Slice(result, parts.Select(p => p.Start), parts.Zip(x.Shape, (p, size) => p.At is null ? p.Size : size));
        }

        // From the back, so that the axes before keep their numbers.
        for (var axis = parts.Count - 1; axis >= 0; axis--)
        {
            if (parts[axis].At is { } at)
            {
                result = frame.Builder.Apply(OpCode.Gather, Attributes.Empty.With("axis", axis), result, at);
            }
        }

        if (parts.Any(p => p.IsDropped && p.At is null))
        {
            var dropped = Enumerable.Range(0, parts.Count).Where(a => parts[a].IsDropped && parts[a].At is not null).ToList();
            var dims = new List<Dim>(result.Shape);
            for (var (axis, at) = (0, 0); axis < parts.Count; axis++)
            {
                if (!parts[axis].IsDropped)
                {
                    at++;
                }
                else if (!dropped.Contains(axis))
                {
                    dims.RemoveAt(at);
                }
            }

            result = frame.Builder.Reshape(result, new Shape([.. dims]));
        }

        if (parts.Find(p => p.Indices is not null) is { } gathered)
        {
            var axis = parts.TakeWhile(p => p != gathered).Count(p => !p.IsDropped);
            return new TensorValue(frame.Builder.Apply(OpCode.Gather, Attributes.Empty.With("axis", axis), result, gathered.Indices!));
        }

        return ReferenceEquals(result, x) ? source : frame.View(source, result);
    }

    /// <summary>One part per axis.</summary>
    private static List<Part> Parts(Frame frame, ImmutableArray<IndexItem> items, Shape shape)
    {
        if (items.Length > shape.Rank)
        {
            throw frame.Fail($"{items.Length} indices are too many for shape {shape} of rank {shape.Rank}");
        }

        var parts = new List<Part>();
        var free = shape.Rank - items.Length;
        foreach (var item in items)
        {
            if (item.Kind == "all")
            {
                // The first stands for all the axes that no other item names.
                for (; free > 0; free--)
                {
                    parts.Add(Whole(shape[parts.Count]));
                }
            }

            var axis = parts.Count;
            parts.Add(item.Kind switch
            {
                "all" => Whole(shape[axis]),
                "at" => At(frame, item, shape, axis),
                "range" => Range(frame, item, shape, axis),
                "tensor" => Whole(shape[axis]) with { Indices = frame.Tensor(frame[item.Start]) },
                _ => throw frame.Fail($"there is no index of kind '{item.Kind}'"),
            });
        }

        while (parts.Count < shape.Rank)
        {
            parts.Add(Whole(shape[parts.Count]));
        }

        return parts;
    }

    private static Part Whole(Dim size) => new(0, size, false, null);

    private static Part At(Frame frame, IndexItem item, Shape shape, int axis)
    {
        var extent = shape[axis];
        if (frame[item.Start] is ScalarValue { Type: "int" or "long" } scalar)
        {
            var at = frame.Region.Import(scalar.Tensor);
            return Whole(extent) with { IsDropped = true, At = item.StartFromEnd ? NotBefore(frame, frame.Builder.DimSize(extent, at.DType) - at, extent) : at };
        }

        var index = frame.Size(frame[item.Start], "an index");
        var start = item.StartFromEnd ? extent - index
            : SizeFacts.IsNegative(index) ? extent + index
            : index;
        Within(frame, start, start + 1, $"index {(item.StartFromEnd ? "^" : "")}{index}", shape, axis);
        return new Part(start, 1, true, null);
    }

    /// <summary>A range between numbers that only the running graph knows: its length must be known all the same.</summary>
    private static Part Moving(Frame frame, IndexItem item, Dim extent)
    {
        var (start, end) = (End(item.Start, item.StartFromEnd, 0), End(item.End, item.EndFromEnd, extent));
        if (start is null || end is null)
        {
            throw frame.Fail("an end of a range must be an int", eager: true);
        }

        if (item.Start == Instruction.None || item.StartFromEnd || frame[item.Start] is not ScalarValue scalar)
        {
            throw frame.Fail("the length of this range depends on a number that only the running graph knows; write x[i..(i + n)], with a known n", eager: true);
        }

        var length = end - start;
        if (length.Names().Any(Specialization.IsScalarName) || SizeFacts.IsNegative(length))
        {
            throw frame.Fail("the length of this range depends on a number that only the running graph knows; write x[i..(i + n)], with a known n", eager: true);
        }

        frame.Require(length, $"a range has {length} elements");
        var at = frame.Region.Import(scalar.Tensor);
        return Whole(extent) with { Size = length, At = NotBefore(frame, at, extent) + frame.Builder.Iota(new Shape([length]), 0, at.DType) };

        Dim? End(int register, bool fromEnd, Dim open)
        {
            if (register == Instruction.None)
            {
                return open;
            }

            var dim = frame[register] is ScalarValue { Type: "int" or "long" } number ? frame.Session.FormOf(number) : HostAccess.TrySize(frame[register]);
            return dim is null ? null : fromEnd ? extent - dim : dim;
        }
    }

    // A negative index of Gather counts from the end; this one is out of range.
    private static OpValue NotBefore(Frame frame, OpValue at, Dim extent) =>
        frame.Builder.Select(frame.Builder.Apply(OpCode.Less, at, frame.Builder.ScalarLike(at, 0)), frame.Builder.DimSize(extent, at.DType), at);

    private static Part Range(Frame frame, IndexItem item, Shape shape, int axis)
    {
        var extent = shape[axis];
        if (IsMoving(item.Start) || IsMoving(item.End))
        {
            return Moving(frame, item, extent);
        }

        var start = item.Start == Instruction.None ? 0 : End(item.Start, item.StartFromEnd);
        var end = item.End == Instruction.None ? extent : End(item.End, item.EndFromEnd);
        Within(frame, start, end, $"range {start}..{end}", shape, axis);
        frame.Require(end - start, $"range {start}..{end} of axis {axis} of shape {shape} ends before it starts");
        return new Part(start, end - start, false, null);

        bool IsMoving(int register) => register != Instruction.None && frame[register] is ScalarValue;

        Dim End(int register, bool fromEnd)
        {
            var value = frame.Size(frame[register], "an end of a range");
            return fromEnd ? extent - value : value;
        }
    }

    private static void Within(Frame frame, Dim start, Dim end, string what, Shape shape, int axis)
    {
        var message = $"{what} is out of range for axis {axis} of shape {shape}";
        frame.Require(start, message);
        frame.Require(shape[axis] - end, message);
    }
}
