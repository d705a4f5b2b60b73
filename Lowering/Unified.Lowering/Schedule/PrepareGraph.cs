using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns a primitive graph into one whose every value has a layout: copies (casts to the same dtype) stand where a view cannot be
/// had or dense memory is needed, and reductions fold one axis that is the last or the last but one. The operands of a product may be narrower than its
/// result then.
/// </summary>
internal sealed class PrepareGraph
{
    private readonly Graph _graph;
    private readonly Dictionary<OpValue, View> _views = [];
    private readonly Dictionary<OpValue, (Node Node, ImmutableArray<OpValue> Operands)> _makers = [];
    private readonly Dictionary<OpValue, OpValue> _dense = [];
    private readonly int[] _uses;

    private PrepareGraph(Graph graph)
    {
        _graph = graph;
        _uses = new int[graph.ValueCount];
        foreach (var operand in graph.Nodes.SelectMany(n => n.Operands).Concat(graph.Outputs.Select(o => o.Value)))
        {
            _uses[operand]++;
        }
    }

    public static Graph Run(Graph graph) => new PrepareGraph(graph).Rewrite();

    private Graph Rewrite()
    {
        var builder = new GraphBuilder(_graph.Name);
        var map = new OpValue[_graph.ValueCount];
        GraphRewriter.CopyInputs(_graph, builder, map);
        for (var i = 0; i < _graph.Inputs.Length; i++)
        {
            Own(map[i]);
        }

        foreach (var node in _graph.Nodes)
        {
            GraphRewriter.Visit(_graph, node, builder, map, Visit);
        }

        var taken = new HashSet<int>();
        foreach (var output in _graph.Outputs)
        {
            builder.Source = null;
            var value = map[output.Value];

            // A view that shows all of what its owner holds, in order, needs no copy.
            var layout = Layout(value);
            var owner = builder[layout.Owner];
            var isWhole = layout.Owner >= _graph.Inputs.Length && layout.Offset.Is(0) && layout.IsDense(value.Shape)
                && owner.Shape.Size == value.Shape.Size && taken.Add(layout.Owner);
            builder.Output(isWhole ? value : Copy(value), output.Kind, output.Input);
        }

        return builder.Build();
    }

    private ImmutableArray<OpValue>? Visit(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
    {
        switch (node.Op.Code)
        {
            case OpCode.StopGradient:
                return [operands[0]];
            case OpCode.ArgMax:
                return [ArgMax(builder, node, operands[0])];
            case OpCode.Reshape:
                return [Reshape(operands[0], _graph.TypeOf(node.Results[0]).Shape)];
            case OpCode.ScatterAdd:
            case var _ when node.Op.Has(OpTraits.RunsGraph) || node.Op.Has(OpTraits.Managed):
                return Keep(builder, node, [.. operands.Select(o => Layout(o).IsDense(o.Shape) ? o : Dense(o))]);
            case var _ when node.Op.Has(OpTraits.Contraction):
                return Keep(builder, node, Bytes(node, operands) ?? [operands[0], Given(node, Narrow(operands[1])), .. operands[2..]]);
            default:
                return node.Op.Has(OpTraits.Reduction) ? [Reduce(builder, node, operands[0])] : Keep(builder, node, operands);
        }
    }

    // Bytes that were widened to i32 only for the product: machines multiply u8 by i8 and add up in i32, the same number.
    private ImmutableArray<OpValue>? Bytes(Node product, ImmutableArray<OpValue> operands) =>
        product.Op.Code == OpCode.MatMul && operands[0].DType == DType.I32 && CastFrom(operands[0]) is { DType: DType.U8 } left && CastFrom(operands[1]) is { DType: DType.I8 } right
        ? [left, right] : null;

    // A right operand that was widened to f32 only for the product is packed as it was: the kernel widens it.
    private OpValue Narrow(OpValue right) =>
        right.DType == DType.F32 && CastFrom(right) is { DType: DType.I8 or DType.U8 or DType.F16 or DType.BF16 } narrow ? narrow : right;

    private OpValue? CastFrom(OpValue value) => _makers.TryGetValue(value, out var maker) && maker.Node.Op.Code == OpCode.Cast ? maker.Operands[0] : null;

    // A weight that was rounded to bf16 only for the product is packed from what it is in memory: one walk, and kept for as long as it does not change.
    private OpValue Given(Node product, OpValue right) =>
        right.DType == DType.BF16 && product.Op.Code == OpCode.MatMul && CastFrom(right) is { DType: DType.F32 } wide && !_makers.ContainsKey(wide) ? wide : right;

    private ImmutableArray<OpValue> Keep(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
    {
        var results = builder.Copy(node, _graph, operands);
        foreach (var result in results)
        {
            _makers[result] = (node, operands);
            Lay(node, operands, result);
        }

        return results;
    }

    private OpValue Emit(OpBuilder builder, OpCode code, Attributes attributes, params OpValue[] operands)
    {
        var result = builder.Apply(code, attributes, operands);
        var node = new Node(OpTable.Get(code), [], [], OpTable.Get(code).Complete(attributes));
        _makers[result] = (node, [.. operands]);
        Lay(node, [.. operands], result);
        return result;
    }

    private void Lay(Node node, ImmutableArray<OpValue> operands, OpValue result)
    {
        if (node.Op.Has(OpTraits.View) && Layout(operands[0]).Through(node, operands[0].Shape, result.Shape) is { } view)
        {
            _views[result] = view;
        }
        else
        {
            Own(result);
        }
    }

    private View Layout(OpValue value) => _views[value];

    private void Own(OpValue value) => _views[value] = View.Dense(((GraphValue)value).Number, value.Shape);

    private OpValue Copy(OpValue value) => Emit(value.Builder, OpCode.Cast, Attributes.Empty.With("dtype", value.DType), value);

    // The same copy for all that reads the value so.
    private OpValue Dense(OpValue value) => _dense.TryGetValue(value, out var copy) ? copy : _dense[value] = Copy(value);

    private OpValue Reshape(OpValue x, Shape shape)
    {
        if (x.Shape == shape)
        {
            return x;
        }

        var attributes = Attributes.Empty.With("shape", shape.Dims);
        var probe = new Node(OpTable.Get(OpCode.Reshape), [], [], attributes);
        var source = Layout(x).Through(probe, x.Shape, shape) is null ? Dense(x) : x;
        return Emit(x.Builder, OpCode.Reshape, attributes, source);
    }

    private OpValue Reduce(GraphBuilder builder, Node node, OpValue x)
    {
        var result = _graph.TypeOf(node.Results[0]).Shape;
        var axes = OpAxes.Of(node.Attributes, x.Shape.Rank).Where(a => !x.Shape[a].Is(1)).ToHashSet();
        while (axes.Count > 0)
        {
            // The innermost run of folded axes, what lies outside it and what lies inside. Axes of size 1 are of the run only where folded ones lie around them: elsewhere the work
            // around the reduction has them, too, and is to find its own shape.
            var last = axes.Max();
            var first = last;
            for (var axis = last - 1; axis >= 0 && (axes.Contains(axis) || x.Shape[axis].Is(1)); axis--)
            {
                first = axes.Contains(axis) ? axis : first;
            }

            var outer = x.Shape.Dims[..first];
            var inner = x.Shape.Dims[(last + 1)..];
            var isRow = inner.All(d => d.Is(1));
            if (isRow && first == last && last == x.Shape.Rank - 1)
            {
                x = Fold(builder, node, x, last);
            }
            else
            {
                var folded = Product(x.Shape.Dims[first..(last + 1)]);
                var merged = isRow ? Merge(x, new Shape([.. outer, folded]))
                    : Merge(x, outer.All(d => d.Is(1)) ? Shape.From(folded, Product(inner)) : Shape.From(Product(outer), folded, Product(inner)));
                var sum = Fold(builder, node, merged, isRow ? merged.Shape.Rank - 1 : merged.Shape.Rank - 2);
                x = Reshape(sum, new Shape([.. outer, .. Enumerable.Repeat(Dim.One, last + 1 - first), .. inner]));
            }

            axes.RemoveWhere(a => a >= first);
        }

        return Reshape(x, result);
    }

    private OpValue Fold(GraphBuilder builder, Node node, OpValue x, int axis) => Emit(
        builder, node.Op.Code, Attributes.Empty.With("axes", [axis]).With("keepDims", true), x);

    private static Dim Product(IEnumerable<Dim> dims) => dims.Aggregate(Dim.One, (a, b) => a * b);

    // Reshapes the operands of elementwise work that only the reduction reads, so that the work itself can be done inside it.
    private OpValue Merge(OpValue x, Shape shape)
    {
        if (x.Shape == shape)
        {
            return x;
        }

        if (_makers.TryGetValue(x, out var maker) && maker.Node.Op.Has(OpTraits.Elementwise) && maker.Node.Results.Length == 1
            && _uses[maker.Node.Results[0]] == 1 && maker.Operands.Length > 0)
        {
            var shapes = maker.Operands.Select(o => MergedShape(o.Shape, x.Shape, shape)).ToList();
            if (shapes.TrueForAll(s => s is not null))
            {
                return Emit(x.Builder, maker.Node.Op.Code, maker.Node.Attributes, [.. maker.Operands.Select((o, i) => Merge(o, shapes[i]!))]);
            }
        }

        return Reshape(x, shape);
    }

    // What an operand that broadcasts to `from` becomes when `from` is merged into `to`: each run of its axes must be whole or all ones.
    private static Shape? MergedShape(Shape operand, Shape from, Shape to)
    {
        if (operand.Rank == 0)
        {
            return operand;
        }

        var lead = from.Rank - operand.Rank;
        var dims = new List<Dim>();
        var axis = 0;
        foreach (var target in to)
        {
            var (whole, own, isOne, isWhole) = (Dim.One, Dim.One, true, true);
            while (axis < from.Rank && (whole != target || from[axis].Is(1)))
            {
                var dim = axis < lead ? Dim.One : operand[axis - lead];
                whole *= from[axis];
                own *= dim;
                isOne &= dim.Is(1);
                isWhole &= dim == from[axis];
                axis++;
            }

            if (whole != target || !(isOne || isWhole))
            {
                return null;
            }

            dims.Add(own);
        }

        return axis == from.Rank ? new Shape([.. dims]) : null;
    }

    // The first place of the largest element; a NaN counts as the largest.
    private OpValue ArgMax(GraphBuilder builder, Node node, OpValue x)
    {
        var axis = OpAxes.One(node.Attributes, x.Shape.Rank);
        var order = Enumerable.Range(0, x.Shape.Rank).Where(a => a != axis).Append(axis).ToArray();
        var y = axis == x.Shape.Rank - 1 ? x : Emit(builder, OpCode.Transpose, Attributes.Empty.With("permutation", order), x);
        var last = y.Shape.Rank - 1;
        var top = Emit(builder, OpCode.ReduceMax, Attributes.Empty.With("axes", [last]).With("keepDims", true), y);
        var hit = Emit(builder, OpCode.Equal, Attributes.Empty, y, top);
        if (y.DType.IsFloat())
        {
            hit = Emit(builder, OpCode.LogicalOr, Attributes.Empty, hit, Emit(builder, OpCode.NotEqual, Attributes.Empty, y, y));
        }

        var index = Emit(builder, OpCode.Iota, Attributes.Empty.With("shape", y.Shape.Dims).With("axis", (long)last).With("dtype", DType.I64));
        var none = Emit(builder, OpCode.Constant, Attributes.Empty.With("value", (double)(1L << 53)).With("dtype", DType.I64));
        var place = Emit(builder, OpCode.Select, Attributes.Empty, hit, index, none);
        var first = Emit(builder, OpCode.ReduceMin, Attributes.Empty.With("axes", [last]).With("keepDims", true), place);
        return Reshape(first, _graph.TypeOf(node.Results[0]).Shape);
    }
}
