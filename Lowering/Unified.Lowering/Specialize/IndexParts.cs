using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Turns the items of an indexer into what each takes of its axis, with what that requires of the sizes.</summary>
internal static class IndexParts
{
    /// <summary>One part per axis.</summary>
    public static ImmutableArray<AxisPart> Of(Frame frame, ImmutableArray<IndexItem> items, Shape shape)
    {
        var masks = items.Select(i => Mask(frame, i)).ToList();
        var free = shape.Rank - masks.Sum(m => m?.Shape.Rank ?? 1);
        if (free < 0)
        {
            throw frame.Fail($"{items.Length} indices are too many for shape {shape} of rank {shape.Rank}");
        }

        var (parts, axis) = (ImmutableArray.CreateBuilder<AxisPart>(), 0);
        foreach (var (item, mask) in items.Zip(masks))
        {
            if (mask is not null)
            {
                parts.Add(Over(frame, mask, shape, axis));
                axis += mask.Shape.Rank;
                continue;
            }

            if (item.Kind == "all")
            {
                // The first stands for all the axes that no other item names.
                for (; free > 0; free--)
                {
                    parts.Add(AxisPart.Whole(shape[axis++]));
                }
            }

            parts.Add(item.Kind switch
            {
                "all" => AxisPart.Whole(shape[axis]),
                "at" => At(frame, item, shape, axis),
                "range" => Range(frame, item, shape, axis),
                "tensor" => AxisPart.Whole(shape[axis]) with { Indices = frame.Tensor(frame[item.Start]) },
                _ => throw frame.Fail($"there is no index of kind '{item.Kind}'"),
            });
            axis++;
        }

        parts.AddRange(shape.Skip(axis).Select(AxisPart.Whole));
        return parts.ToImmutable();
    }

    private static OpValue? Mask(Frame frame, IndexItem item) =>
        item.Kind == "tensor" && frame.TypeOf(frame[item.Start]) is { DType: DType.Bool, Rank: > 0 } ? frame.Tensor(frame[item.Start]) : null;

    private static AxisPart Over(Frame frame, OpValue mask, Shape shape, int axis)
    {
        var over = new Shape([.. shape.Skip(axis).Take(mask.Shape.Rank)]);
        return mask.Shape == over ? AxisPart.Whole(over.Size) with { Mask = mask }
            : throw frame.Fail($"a mask of shape {mask.Shape} does not fit the axes {over} of shape {shape}");
    }

    private static AxisPart At(Frame frame, IndexItem item, Shape shape, int axis)
    {
        var extent = shape[axis];
        if (frame[item.Start] is ScalarValue { Type: "int" or "long" } scalar)
        {
            var at = frame.Region.Import(scalar.Tensor);
            return new AxisPart(0, 1, IsDropped: true, At: item.StartFromEnd ? NotBefore(frame, frame.Builder.DimSize(extent, at.DType) - at, extent) : at);
        }

        var index = frame.Size(frame[item.Start], "an index");
        var start = item.StartFromEnd ? extent - index
            : SizeFacts.IsNegative(index) ? extent + index
            : index;
        Within(frame, start, start + 1, $"index {(item.StartFromEnd ? "^" : "")}{index}", shape, axis);
        return new AxisPart(start, 1, IsDropped: true);
    }

    /// <summary>A range between numbers that only the running graph knows: its length must be known all the same.</summary>
    private static AxisPart Moving(Frame frame, IndexItem item, Dim extent)
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
        return new AxisPart(0, length, At: NotBefore(frame, at, extent));

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

    private static AxisPart Range(Frame frame, IndexItem item, Shape shape, int axis)
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
        return new AxisPart(start, end - start);

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
