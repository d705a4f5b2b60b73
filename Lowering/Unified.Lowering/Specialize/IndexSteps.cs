using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Indexers of tensors: a slice of each axis, then the axes indexed by one int dropped, then rows gathered.</summary>
internal static class IndexSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<IndexInstruction>((f, i) => f[i.Result] = Index(f, i))];

    /// <summary>What an item takes of its axis.</summary>
    private sealed record Part(Dim Start, Dim Size, bool IsDropped, OpValue? Indices);

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
        if (parts.Any(p => !p.Start.Is(0)) || parts.Zip(x.Shape).Any(p => p.First.Size != p.Second))
        {
            result = frame.Builder.Slice(result, parts.Select(p => p.Start), parts.Select(p => p.Size));
        }

        if (parts.Any(p => p.IsDropped))
        {
            result = frame.Builder.Reshape(result, new Shape([.. parts.Where(p => !p.IsDropped).Select(p => p.Size)]));
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
        var index = frame.Size(frame[item.Start], "an index");
        var start = item.StartFromEnd ? extent - index
            : SizeFacts.IsNegative(index) ? extent + index
            : index;
        Within(frame, start, start + 1, $"index {(item.StartFromEnd ? "^" : "")}{index}", shape, axis);
        return new Part(start, 1, true, null);
    }

    private static Part Range(Frame frame, IndexItem item, Shape shape, int axis)
    {
        var extent = shape[axis];
        var start = item.Start == Instruction.None ? 0 : End(item.Start, item.StartFromEnd);
        var end = item.End == Instruction.None ? extent : End(item.End, item.EndFromEnd);
        Within(frame, start, end, $"range {start}..{end}", shape, axis);
        frame.Require(end - start, $"range {start}..{end} of axis {axis} of shape {shape} ends before it starts");
        return new Part(start, end - start, false, null);

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
