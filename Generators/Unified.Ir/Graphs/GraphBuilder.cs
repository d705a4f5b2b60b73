using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A value of a graph under construction.</summary>
public sealed class GraphValue : OpValue
{
    internal GraphValue(GraphBuilder builder, TensorType type, int number)
        : base(builder, type) => Number = number;

    public int Number { get; }
}

/// <summary>Appends nodes and makes a <see cref="Graph"/>. Shape rules run as nodes are added.</summary>
public sealed class GraphBuilder : OpBuilder
{
    private readonly List<GraphInput> _inputs = [];
    private readonly List<Node> _nodes = [];
    private readonly List<GraphOutput> _outputs = [];
    private readonly List<GraphValue> _values = [];

    public GraphBuilder(string name) => Name = name;

    /// <summary>Where the turns of a loop lie in the runtime's record, and how many there are.</summary>
    public static TensorType TapeType { get; } = new(DType.I64, new Shape([2]));

    private static Attributes Apart { get; } = Attributes.Empty.With("apart", true);

    public string Name { get; }

    /// <summary>Given to each node added from now on.</summary>
    public SourceSpan? Source { get; set; }

    public int NodeCount => _nodes.Count;

    public GraphValue this[int number] => _values[number];

    /// <summary>Adds an input. Inputs come before nodes; <see cref="Build"/> renumbers if they did not.</summary>
    public GraphValue Input(string name, TensorType type, InputKind kind)
    {
        _inputs.Add(new GraphInput(name, type, kind));
        var value = NewValue(type);
        _inputValues.Add(value.Number);
        return value;
    }

    private readonly List<int> _inputValues = [];

    public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes) =>
        Append(op, operands, op.InferTypes([.. operands.Select(o => o.Type)], ref attributes), attributes, null);

    /// <summary>A call of another graph of the module: its outputs become values here.</summary>
    /// <param name="isApart">It stays a call: what it computes is not to be shared with what its caller has computed already.</param>
    public ImmutableArray<OpValue> Call(Graph callee, ImmutableArray<OpValue> operands, bool isApart = false) => Append(
        OpTable.Get(OpCode.Call), operands, [.. callee.Outputs.Select(o => callee.TypeOf(o.Value))], isApart ? Apart : Attributes.Empty, callee.Name);

    /// <summary>The outputs of the callee where the condition (bool, rank 0) holds, else <paramref name="otherwise"/>. Only what is needed runs.</summary>
    public ImmutableArray<OpValue> If(Graph callee, OpValue condition, ImmutableArray<OpValue> otherwise, ImmutableArray<OpValue> arguments) =>
        Append(OpTable.Get(OpCode.If), [condition, .. otherwise, .. arguments], [.. otherwise.Select(o => o.Type)], Attributes.Empty, callee.Name);

    /// <summary>
    /// Runs the body as long as the condition (bool, rank 0) holds. The body takes the carried values, then
    /// <paramref name="arguments"/>, and gives the next condition, then the next carried values.
    /// </summary>
    public ImmutableArray<OpValue> While(Graph body, OpValue condition, ImmutableArray<OpValue> initial, ImmutableArray<OpValue> arguments) =>
        Append(OpTable.Get(OpCode.While), [condition, .. initial, .. arguments], [.. initial.Select(o => o.Type)], Attributes.Empty, body.Name);

    /// <summary>A <see cref="While"/> that also leaves a tape: of each turn, the carried values of these numbers as it started with them.</summary>
    public (ImmutableArray<OpValue> Results, OpValue Tape) RecordedWhile(
        Graph body, OpValue condition, ImmutableArray<OpValue> initial, ImmutableArray<OpValue> arguments, ImmutableArray<int> saved)
    {
        var all = Append(
            OpTable.Get(OpCode.RecordedWhile), [condition, .. initial, .. arguments], [.. initial.Select(o => o.Type), TapeType],
            Attributes.Empty.With("saved", saved), body.Name);
        return (all[..^1], all[^1]);
    }

    /// <summary>
    /// Runs the step once for each turn on the tape, the last turn first. The step takes what was recorded of the turn, the carried values, then
    /// <paramref name="arguments"/>, and gives the next carried values.
    /// </summary>
    public ImmutableArray<OpValue> Unwind(Graph step, OpValue tape, ImmutableArray<OpValue> initial, ImmutableArray<OpValue> arguments) =>
        Append(OpTable.Get(OpCode.Unwind), [tape, .. initial, .. arguments], [.. initial.Select(o => o.Type)], Attributes.Empty, step.Name);

    /// <summary>
    /// The values again, marked: a <see cref="Gradient"/> or <see cref="Tangent"/> with respect to the marked ones follows only what is computed
    /// after this node. What was computed from them before is a constant to it, as it is to a function that is differentiated.
    /// </summary>
    public ImmutableArray<OpValue> Watch(ImmutableArray<OpValue> values) =>
        Append(OpTable.Get(OpCode.Watch), values, [.. values.Select(v => v.Type)], Attributes.Empty, null);

    /// <summary>How <paramref name="y"/> changes, to first order, as each of <paramref name="wrt"/> changes along its tangent; expanded by the Differentiate pass.</summary>
    public OpValue Tangent(OpValue y, ImmutableArray<OpValue> wrt, ImmutableArray<OpValue> tangents) =>
        Append(OpTable.Get(OpCode.Tangent), [y, .. wrt, .. tangents], [y.Type], Attributes.Empty, null)[0];

    /// <summary>
    /// The value, whose gradients the callee gives: it takes the cotangent of the value and the arguments, and gives a cotangent for each of
    /// <paramref name="wrt"/>. The Differentiate pass takes it away.
    /// </summary>
    /// <param name="isApart">As of <see cref="Call"/>: the callee computes again what the value was computed from.</param>
    public OpValue CustomGradient(Graph callee, OpValue value, ImmutableArray<OpValue> wrt, ImmutableArray<OpValue> arguments, bool isApart = false) => Append(
        OpTable.Get(OpCode.CustomGradient), [value, .. wrt, .. arguments], [value.Type],
        (isApart ? Apart : Attributes.Empty).With("wrt", (long)wrt.Length), callee.Name)[0];

    /// <summary>A call of the user's managed code.</summary>
    /// <param name="order">What the call before it gave as its first result.</param>
    /// <param name="result">The type of its result; of no meaning where it has none.</param>
    /// <param name="call">Its number among the calls that the graph is compiled with.</param>
    public (OpValue Order, OpValue Result) HostCall(OpValue order, ImmutableArray<OpValue> operands, TensorType result, int call) =>
        Append(OpTable.Get(OpCode.HostCall), [order, .. operands], [order.Type, result], Attributes.Empty.With("call", (long)call), null) is var both ? (both[0], both[1]) : default;

    /// <summary>One example of many along an axis: what follows, up to <see cref="Examples"/>, is computed for each.</summary>
    public OpValue Example(OpValue all, int axis) => Append(
        OpTable.Get(OpCode.Example), [all], [all.Type with { Shape = new Shape(all.Shape.Dims.RemoveAt(axis)) }], Attributes.Empty.With("axis", (long)axis), null)[0];

    /// <summary>The results of all examples; expanded by the Differentiate pass.</summary>
    /// <param name="results">Of one example.</param>
    /// <param name="examples">What <see cref="Example"/> gave: at least one.</param>
    /// <param name="size">How many examples there are.</param>
    /// <param name="axes">Where their axis is in each result: 0 … its rank in one example.</param>
    public ImmutableArray<OpValue> Examples(ImmutableArray<OpValue> results, ImmutableArray<OpValue> examples, Dim size, ImmutableArray<int> axes) => Append(
        OpTable.Get(OpCode.Examples), [.. results, .. examples], [.. results.Zip(axes, (r, a) => r.Type with { Shape = new Shape(r.Shape.Dims.Insert(a, size)) })],
        Attributes.Empty.With("axes", axes), null);

    /// <summary>The gradients of a scalar with respect to values, to be expanded by the Differentiate pass.</summary>
    public ImmutableArray<OpValue> Gradient(OpValue loss, ImmutableArray<OpValue> wrt) =>
        Append(OpTable.Get(OpCode.Gradient), [loss, .. wrt], [.. wrt.Select(w => w.Type)], Attributes.Empty, null);

    /// <summary>Copies a node of another graph, its operands already mapped into this one.</summary>
    public ImmutableArray<OpValue> Copy(Node node, Graph from, ImmutableArray<OpValue> operands)
    {
        var keep = Source;
        Source = node.Source ?? Source;
        var results = Append(node.Op, operands, [.. node.Results.Select(from.TypeOf)], node.Attributes, node.Callee, node.Regions);
        Source = keep;
        return results;
    }

    public void Output(OpValue value, OutputKind kind, int input = -1) =>
        _outputs.Add(new GraphOutput(((GraphValue)value).Number, kind, input));

    public Graph Build()
    {
        // Inputs take the first numbers, whenever they were added.
        var order = _inputValues.Concat(_nodes.SelectMany(n => n.Results)).ToArray();
        var map = new int[_values.Count];
        for (var i = 0; i < order.Length; i++)
        {
            map[order[i]] = i;
        }

        return new Graph(
            Name,
            [.. _inputs],
            [.. _nodes.Select(n => n with { Operands = [.. n.Operands.Select(o => map[o])], Results = [.. n.Results.Select(r => map[r])] })],
            [.. _outputs.Select(o => o with { Value = map[o.Value] })],
            [.. order.Select(v => _values[v].Type)]);
    }

    private ImmutableArray<OpValue> Append(
        Op op, ImmutableArray<OpValue> operands, ImmutableArray<TensorType> types, Attributes attributes, string? callee,
        ImmutableArray<Graph> regions = default)
    {
        foreach (var operand in operands)
        {
            if (!ReferenceEquals(operand.Builder, this))
            {
                throw new InvalidOperationException($"{op.Name}: an operand belongs to another graph");
            }
        }

        var results = types.Select(t => (OpValue)NewValue(t)).ToImmutableArray();
        _nodes.Add(new Node(
            op, [.. operands.Select(o => ((GraphValue)o).Number)], [.. results.Select(r => ((GraphValue)r).Number)], attributes, callee, Source)
        {
            Regions = regions.IsDefault ? [] : regions,
        });
        return results;
    }

    private GraphValue NewValue(TensorType type)
    {
        var value = new GraphValue(this, type, _values.Count);
        _values.Add(value);
        return value;
    }
}
