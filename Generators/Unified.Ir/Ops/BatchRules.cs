using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// What a batching rule sees: a call for each of many examples at once. A batched operand has the axis of the examples in front of those that
/// the op knows of; the others are the same for all examples.
/// </summary>
public sealed record BatchInputs(Op Op, ImmutableArray<OpValue> Operands, ImmutableArray<bool> IsBatched, Dim Size, Attributes Attributes)
{
    public OpValue this[int operand] => Operands[operand];

    /// <summary>The operand's type in one example.</summary>
    public TensorType TypeOf(int operand) =>
        IsBatched[operand] ? Operands[operand].Type with { Shape = new Shape(Operands[operand].Shape.Dims.RemoveAt(0)) } : Operands[operand].Type;

    /// <summary>The result's type in one example.</summary>
    public TensorType Result
    {
        get
        {
            var attributes = Attributes;
            return Op.InferTypes([.. Operands.Select((_, i) => TypeOf(i))], ref attributes)[0];
        }
    }

    /// <summary>A shape with the axis of the examples in front.</summary>
    public Shape Batch(Shape shape) => new([Size, .. shape.Dims]);
}

/// <summary>The results of all examples, the axis of the examples first. At least one operand is batched.</summary>
public delegate OpValue BatchRule(OpBuilder builder, BatchInputs call);

/// <summary>
/// The op for many examples at once: by its own rule, else by what its traits say, else through its definition. The eager
/// mode and the graph compiler run the same rules.
/// </summary>
public static class Batching
{
    /// <returns>The result, and whether it differs between examples; else it is that of every example.</returns>
    public static (OpValue Result, bool IsBatched) Apply(OpBuilder builder, BatchInputs call)
    {
        if (!call.IsBatched.Contains(true))
        {
            return (builder.Apply(call.Op, call.Operands, call.Attributes)[0], false);
        }

        if (RuleOf(call.Op) is { } rule)
        {
            return (rule(builder, call), true);
        }

        if (call.Op.Definition is null)
        {
            throw new ShapeException($"Vmap: {call.Op.Name} has no rule for many examples at once; take it out of the function");
        }

        var batch = new BatchBuilder(builder, call.Size);
        ImmutableArray<OpValue> operands = [.. call.Operands.Select((o, i) => batch.Wrap(o, call.IsBatched[i]))];
        var result = (BatchValue)call.Op.Definition(batch, operands, call.Attributes)[0];
        return (result.Inner, result.IsBatched);
    }

    /// <summary>The rule that needs no definition; null where there is none.</summary>
    public static BatchRule? RuleOf(Op op) => op.Batch
        ?? (op.Has(OpTraits.Elementwise) ? BatchRules.Elementwise
        : op.Has(OpTraits.Reduction) && op.Operands.Length == 1 && op.Attributes.Any(a => a.Name == "axes") ? BatchRules.Reduction
        : null);

    /// <summary>The value for each example, where it is the same for all.</summary>
    public static OpValue ForEach(OpBuilder builder, OpValue value, Dim size) => builder.BroadcastTo(value, new Shape([size, .. value.Shape.Dims]));

    /// <summary>A value of one example, as rules of ops see it.</summary>
    private sealed class BatchValue(OpBuilder builder, TensorType type, OpValue inner, bool isBatched) : OpValue(builder, type)
    {
        public OpValue Inner { get; } = inner;

        public bool IsBatched { get; } = isBatched;
    }

    private sealed class BatchBuilder(OpBuilder inner, Dim size) : OpBuilder
    {
        public BatchValue Wrap(OpValue value, bool isBatched) =>
            new(this, isBatched ? value.Type with { Shape = new Shape(value.Shape.Dims.RemoveAt(0)) } : value.Type, value, isBatched);

        public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes)
        {
            op.InferTypes([.. operands.Select(o => o.Type)], ref attributes);
            var call = new BatchInputs(op, [.. operands.Select(o => ((BatchValue)o).Inner)], [.. operands.Select(o => ((BatchValue)o).IsBatched)], size, attributes);
            var (result, isBatched) = Batching.Apply(inner, call);
            return [Wrap(result, isBatched)];
        }
    }
}

/// <summary>The rules that rows name, and those that follow from traits.</summary>
internal static class BatchRules
{
    /// <summary>Shapes broadcast from the right: what stands before the operands' own axes must stand before all of the result's.</summary>
    public static OpValue Elementwise(OpBuilder b, BatchInputs c)
    {
        var rank = Enumerable.Range(0, c.Operands.Length).Max(i => c.TypeOf(i).Rank);
        return b.Apply(c.Op, [.. c.Operands.Select((_, i) => Raise(b, c, i, rank))], c.Attributes)[0];
    }

    /// <summary>As <see cref="Elementwise"/>, where the result has the shape of the first operand, which the others do not stretch.</summary>
    public static OpValue LikeFirst(OpBuilder b, BatchInputs c) =>
        Elementwise(b, c with { Operands = c.Operands.SetItem(0, Each(b, c, 0)), IsBatched = c.IsBatched.SetItem(0, true) });

    public static OpValue Reduction(OpBuilder b, BatchInputs c)
    {
        var rank = c.TypeOf(0).Rank;
        if (rank == 0)
        {
            // A fold of one number: over an axis of its own.
            return b.Apply(c.Op, [b.Reshape(c[0], new Shape([c.Size, Dim.One]))], c.Attributes.With("axes", [1]).With("keepDims", false))[0];
        }

        return b.Apply(c.Op, [c[0]], c.Attributes.With("axes", OpAxes.Of(c.Attributes, rank).Select(a => a + 1)))[0];
    }

    /// <summary>One operand and attribute <c>axis</c>.</summary>
    public static OpValue Axis(OpBuilder b, BatchInputs c) =>
        b.Apply(c.Op, [c[0]], c.Attributes.With("axis", OpAxes.One(c.Attributes, c.TypeOf(0).Rank) + 1L))[0];

    /// <summary>As <see cref="Axis"/>, where all operands have the axis.</summary>
    public static OpValue AxisOfAll(OpBuilder b, BatchInputs c) => b.Apply(
        c.Op, [.. c.Operands.Select((_, i) => Each(b, c, i))], c.Attributes.With("axis", OpAxes.One(c.Attributes, c.TypeOf(0).Rank) + 1L))[0];

    /// <summary>One operand whose leading axes are a batch already.</summary>
    public static OpValue Leading(OpBuilder b, BatchInputs c) => b.Apply(c.Op, [c[0]], c.Attributes)[0];

    public static OpValue Reshape(OpBuilder b, BatchInputs c) => b.Reshape(c[0], c.Batch(c.Result.Shape));

    public static OpValue Transpose(OpBuilder b, BatchInputs c) => b.Transpose(c[0], [0, .. c.Attributes.Ints("permutation").Select(p => p + 1)]);

    public static OpValue BroadcastTo(OpBuilder b, BatchInputs c) => b.BroadcastTo(Raise(b, c, 0, c.Result.Rank), c.Batch(c.Result.Shape));

    public static OpValue Slice(OpBuilder b, BatchInputs c) => b.Slice(
        c[0], [Dim.Zero, .. c.Attributes.Dims("starts")], [c.Size, .. c.Attributes.Dims("sizes")], [Dim.One, .. c.Attributes.Dims("steps")]);

    public static OpValue Pad(OpBuilder b, BatchInputs c) => b.Apply(
        c.Op, [c[0]], c.Attributes.With("low", [Dim.Zero, .. c.Attributes.Dims("low")]).With("high", [Dim.Zero, .. c.Attributes.Dims("high")]))[0];

    public static OpValue MatMul(OpBuilder b, BatchInputs c)
    {
        var rank = Math.Max(c.TypeOf(0).Rank, c.TypeOf(1).Rank);
        return b.Apply(c.Op, [Raise(b, c, 0, rank), Raise(b, c, 1, rank)], c.Attributes)[0];
    }

    public static OpValue Gather(OpBuilder b, BatchInputs c)
    {
        var axis = OpAxes.One(c.Attributes, c.TypeOf(0).Rank);
        var picks = c.TypeOf(1).Rank;
        if (!c.IsBatched[1])
        {
            return b.Apply(c.Op, [c[0], c[1]], c.Attributes.With("axis", axis + 1L))[0];
        }

        if (!c.IsBatched[0])
        {
            return MoveAxis(b, b.Apply(c.Op, [c[0], c[1]], c.Attributes)[0], axis, 0);
        }

        // The rows of all examples stand one after the other.
        var rows = MoveAxis(b, c[0], axis + 1, 1);
        var extent = rows.Shape[1];
        var table = b.Reshape(rows, new Shape([c.Size * extent, .. rows.Shape.Dims.Skip(2)]));
        var found = b.Apply(OpCode.Gather, Attributes.Empty.With("axis", 0L), table, OfExample(b, c[1], c.Size, extent));

        // [B, picks, axes before, axes after] to [B, axes before, picks, axes after].
        var order = new[] { 0 }.Concat(Enumerable.Range(1 + picks, axis)).Concat(Enumerable.Range(1, picks))
            .Concat(Enumerable.Range(1 + picks + axis, found.Shape.Rank - 1 - picks - axis));
        return b.Transpose(found, order);
    }

    public static OpValue ScatterAdd(OpBuilder b, BatchInputs c)
    {
        var picks = c.TypeOf(0).Rank;
        if (!c.IsBatched[0])
        {
            return MoveAxis(b, b.Apply(c.Op, [c[0], MoveAxis(b, c[1], 0, picks)], c.Attributes)[0], 1, 0);
        }

        var extent = c.Attributes.Dim("size");
        var sums = b.Apply(c.Op, [OfExample(b, c[0], c.Size, extent), Each(b, c, 1)], c.Attributes.With("size", c.Size * extent))[0];
        return b.Reshape(sums, new Shape([c.Size, extent, .. sums.Shape.Dims.Skip(1)]));
    }

    public static OpValue RandomUniform(OpBuilder b, BatchInputs c) =>
        throw new ShapeException($"Vmap: {c.Op.Name} of a state that differs between examples; draw the numbers of all examples outside, and map over them");

    /// <summary>The operand for each example, also where it is the same for all.</summary>
    public static OpValue Each(OpBuilder b, BatchInputs c, int operand) => c.IsBatched[operand] ? c[operand] : Batching.ForEach(b, c[operand], c.Size);

    /// <summary>Axes of size 1 behind that of the examples, so that the operand has this rank in one example.</summary>
    private static OpValue Raise(OpBuilder b, BatchInputs c, int operand, int rank)
    {
        var shape = c.TypeOf(operand).Shape;
        return c.IsBatched[operand] ? b.Reshape(c[operand], c.Batch(new Shape([.. Enumerable.Repeat(Dim.One, rank - shape.Rank), .. shape.Dims]))) : c[operand];
    }

    private static OpValue MoveAxis(OpBuilder b, OpValue x, int from, int to)
    {
        if (from == to)
        {
            return x;
        }

        var order = Enumerable.Range(0, x.Shape.Rank).ToList();
        order.RemoveAt(from);
        order.Insert(to, from);
        return b.Transpose(x, order);
    }

    /// <summary>Indices of rows that follow those of the examples before. What lies outside stays outside of all.</summary>
    private static OpValue OfExample(OpBuilder b, OpValue indices, Dim size, Dim extent)
    {
        var (count, wide) = (b.DimSize(extent, DType.I64), b.Cast(indices, DType.I64));
        var zero = b.ScalarLike(wide, 0);
        var positive = b.Select(b.Apply(OpCode.Less, wide, zero), wide + count, wide);
        var isOutside = b.Apply(OpCode.LogicalOr, b.Apply(OpCode.Less, positive, zero), b.Apply(OpCode.GreaterEqual, positive, count));
        var start = b.Iota(new Shape([size, .. Enumerable.Repeat(Dim.One, indices.Shape.Rank - 1)]), 0, DType.I64) * count;
        return b.Select(isOutside, b.DimSize(size * extent, DType.I64), positive + start);
    }
}
