using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>What the turns of a loop of the graph have added to a list, one tensor a turn: rows of one tensor, in the turns' order.</summary>
/// <param name="Tensor">[turns, …].</param>
/// <param name="Home">The graph that it is of.</param>
/// <param name="AlsoHeld">Variables that hold the last of them: in eager code it is the same object.</param>
internal sealed record TurnRows(OpValue Tensor, Region Home, ImmutableArray<TensorValue> AlsoHeld)
{
    // What takes all the tensors of a list at once: how their rows, which come first, become its result. The axis is of the result.
    private static readonly FrozenDictionary<OpCode, Func<OpBuilder, OpValue, int, OpValue>> Whole = new Dictionary<OpCode, Func<OpBuilder, OpValue, int, OpValue>>
    {
        [OpCode.Stack] = static (b, rows, axis) => Moved(b, rows, axis),
        [OpCode.Concat] = static (b, rows, axis) => Moved(b, rows, axis) is var moved && moved.Shape.Dims is var dims
            ? b.Reshape(moved, new Shape(dims.RemoveAt(axis).SetItem(axis, dims[axis] * dims[axis + 1]))) : rows,
    }.ToFrozenDictionary();

    public Dim Count => Tensor.Shape[0];

    /// <summary>The rows as tensors of their own.</summary>
    /// <exception cref="GraphCompileException">Their number is a size not yet known, or one may be changed through another variable.</exception>
    public ImmutableArray<Value> Expand()
    {
        if (!Count.IsConstant)
        {
            throw new SymbolicDimException($"a list of {Count} tensors is used item by item", [.. Count.Names()], null);
        }

        if (!AlsoHeld.IsEmpty)
        {
            throw new GraphCompileException("the tensors that a long loop has added to a list are used item by item; take them from a stack of the list", null) { EagerIsPossible = true };
        }

        return [.. Enumerable.Range(0, checked((int)Count.Value)).Select(i => (Value)new TensorValue(Row(Tensor.Builder, Tensor, i)) { Home = Home })];
    }

    public TurnRows Reversed(Frame frame) => this with { Tensor = frame.Builder.Apply(OpCode.Flip, Attributes.Empty.With("axis", 0L), Read(frame)), Home = frame.Region };

    /// <summary>The tensor where the frame is now.</summary>
    /// <exception cref="GraphCompileException">One of its rows has been changed through another variable since.</exception>
    public OpValue Read(Frame frame) => AlsoHeld.All(t => t.Key is null) ? frame.Region.Import(Tensor)
        : throw frame.Fail("a tensor that a long loop has added to a list is written to after it", eager: true);

    /// <summary>The result of an op that takes all of a list's tensors at once; null where it is another op, or another list.</summary>
    public static OpValue? TryApply(Frame frame, Op op, Dictionary<string, Value> given)
    {
        if (!Whole.TryGetValue(op.Code, out var rule) || !given.TryGetValue(op.Operands[0].Name, out var list)
            || list is not AggregateValue { Content.Rows: { } rows } || (op.Code == OpCode.Concat && rows.Tensor.Shape.Rank < 2))
        {
            return null;
        }

        var rank = rows.Tensor.Shape.Rank - (op.Code == OpCode.Concat ? 1 : 0);
        var axis = given.TryGetValue("axis", out var stated) ? frame.Int(stated, $"{op.Name}: attribute 'axis'") : 0;
        return axis >= -rank && axis < rank ? rule(frame.Builder, rows.Read(frame), axis < 0 ? axis + rank : axis)
            : throw frame.Fail($"{op.Name}: axis {axis} is out of range for rank {rank}");
    }

    private static OpValue Row(OpBuilder builder, OpValue rows, int row)
    {
        var (shape, rest) = (rows.Shape, rows.Shape.Dims.RemoveAt(0));
        return builder.Reshape(builder.Slice(rows, [row, .. rest.Select(_ => Dim.Zero)], [1, .. rest]), new Shape(shape.Dims.RemoveAt(0)));
    }

    private static OpValue Moved(OpBuilder b, OpValue rows, int axis) => axis == 0 ? rows
        : b.Transpose(rows, [.. Enumerable.Range(1, axis), 0, .. Enumerable.Range(axis + 1, rows.Shape.Rank - axis - 1)]);
}

/// <summary>What a turn of a loop of the graph adds to lists that were made before it.</summary>
/// <param name="region">The graph of a turn.</param>
internal sealed class TurnLists(Region region)
{
    private readonly List<(AggregateValue List, TensorValue Row)> _added = [];

    public IReadOnlyList<(AggregateValue List, TensorValue Row)> Added => _added;

    /// <summary>Takes note of it; false where the list or what is added is not of the kind that becomes rows of a tensor.</summary>
    public bool TryAdd(Frame frame, AggregateValue list, Value item)
    {
        if (!ReferenceEquals(frame.Region, region) || list.IsShared || item is not TensorValue { MayBe.IsEmpty: true, Key: null } row
            || _added.Exists(a => ReferenceEquals(a.List, list)) || (list.Content.Torn is null && (list.Content.Rows is not null || list.Items.Length > 0)))
        {
            return false;
        }

        _added.Add((list, row));
        list.Content = Growing(frame);
        return true;
    }

    /// <summary>What a list is while a turn may add to it: how many tensors it has depends on the turn.</summary>
    public static ListContent Growing(Frame frame) =>
        new([], frame.Fail("a list that grows with the turns of a loop of the graph is read in it; read it after the loop", eager: true));
}
