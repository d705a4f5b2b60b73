using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Onnx.Wire;

namespace Unified.Lowering.Onnx;

/// <summary>A value of a graph as the model has it: under a name, or, of a tape, under several.</summary>
internal sealed record OnnxValue
{
    private readonly string? _name;

    public OnnxValue(string name) => _name = name;

    public OnnxValue(OnnxTape tape) => Tape = tape;

    /// <exception cref="NotSupportedException">It is a tape, which ONNX has no one tensor for.</exception>
    public string Name => _name ?? throw new NotSupportedException("a loop carries the record of another loop's turns, which has no form in ONNX");

    public OnnxTape? Tape { get; }
}

/// <summary>The turns of a loop: what each one started with, stacked along a first axis; and how many there were (i64[]).</summary>
internal sealed record OnnxTape(ImmutableArray<(string Name, TensorType Type)> Saved, string Turns);

/// <summary>Turns the nodes of a graph into ONNX nodes, and the graphs that they run into graphs inside of these: If and Loop.</summary>
internal sealed class OnnxScope(GraphModule module, OnnxBuilder builder)
{
    // No dim of a user's has a name with a dot.
    private const string Turns = "turns.";

    private static readonly TensorType s_flag = new(DType.Bool, Shape.Scalar), s_count = new(DType.I64, Shape.Scalar);

    private static readonly ImmutableDictionary<OpCode, Func<OnnxScope, ControlCall, ImmutableArray<OnnxValue>>> Control =
        ImmutableDictionary.CreateRange<OpCode, Func<OnnxScope, ControlCall, ImmutableArray<OnnxValue>>>(
        [
            new(OpCode.Call, (s, c) => s.Run(c.Callee, c.Operands)),
            new(OpCode.Watch, (_, c) => c.Operands),
            new(OpCode.If, (s, c) => s.If(c)),
            new(OpCode.While, (s, c) => s.Loop(c, [])),
            new(OpCode.RecordedWhile, (s, c) => s.Loop(c, c.Node.Attributes.Ints("saved"))),
            new(OpCode.Unwind, (s, c) => s.Unwind(c)),
            new(OpCode.HostCall, (_, c) => throw c.Error("a call of an [Eager] method")),
        ]);

    private OnnxBuilder Builder => builder;

    private sealed record ControlCall(Node Node, GraphModule Module, ImmutableArray<OnnxValue> Operands, ImmutableArray<TensorType> Types)
    {
        public Graph Callee => Module.Get(Node.Callee!);

        public ControlOperands<OnnxValue> Parts => ControlOperands<OnnxValue>.Of(Node, Operands);

        public NotSupportedException Error(string what) =>
            new($"{what} has no form in ONNX{(Node.Source is { } source ? $" ({source}: {source.Text})" : "")}");
    }

    /// <summary>The outputs of a graph whose nodes are written here.</summary>
    /// <exception cref="NotSupportedException">An op has no form in ONNX; the message names it and its place.</exception>
    public ImmutableArray<OnnxValue> Run(Graph graph, ImmutableArray<OnnxValue> inputs)
    {
        var values = new OnnxValue[graph.ValueCount];
        inputs.CopyTo(values);
        foreach (var node in graph.Nodes)
        {
            var call = new ControlCall(node, module, [.. node.Operands.Select(o => values[o])], [.. node.Results.Select(graph.TypeOf)]);
            if (Control.TryGetValue(node.Op.Code, out var write))
            {
                var results = write(this, call);
                for (var i = 0; i < results.Length; i++)
                {
                    values[node.Results[i]] = results[i];
                }

                continue;
            }

            var row = OnnxRows.Find(node.Op) ?? throw call.Error(node.Op.Name);
            values[node.Results[0]] = new(row.Emit(
                builder, new OnnxCall(node, [.. call.Operands.Select(o => o.Name)], [.. node.Operands.Select(graph.TypeOf)], call.Types[0])));
        }

        return [.. graph.Outputs.Select(o => values[o.Value])];
    }

    /// <summary>A graph inside of a node.</summary>
    private (GraphProto Graph, OnnxScope Scope) Inner(string name)
    {
        var graph = new GraphProto { Name = builder.NewName(name) };
        return (graph, new OnnxScope(module, builder.Inner(graph)));
    }

    private string Output(string hint, string value, TensorType type)
    {
        var name = builder.NewName(hint);
        builder.Output(value, name, type);
        return name;
    }

    // The record of a loop that leaves a branch is as many outputs as it has tensors; the other branch gives no turns of each.
    private ImmutableArray<OnnxValue> If(ControlCall call)
    {
        var parts = call.Parts;
        var (then, inside) = Inner("then");
        var (otherwise, outside) = Inner("else");
        var given = inside.Run(call.Callee, parts.Arguments);
        for (var i = 0; i < given.Length; i++)
        {
            foreach (var (name, type) in Tensors(given[i], call.Types[i]))
            {
                inside.Output("then", name, type);
                outside.Output("else", given[i].Tape is null ? parts.Values[i].Name : outside.Zeros(type), type);
            }
        }

        var names = builder.Nodes("If", [parts.Condition.Name], then.Output.Count, ("then_branch", then), ("else_branch", otherwise));
        return Named(given, call.Types, names);
    }

    private string Zeros(TensorType type) => builder.Node(
        "Expand", [builder.Scalar(type.DType, 0), type.Rank == 0 ? builder.Ints() : builder.Dims(type.Shape[0].Name == Turns ? type.Shape.Dims.SetItem(0, 0) : type.Shape.Dims)]);

    private ImmutableArray<OnnxValue> Loop(ControlCall call, ImmutableArray<int> saved)
    {
        var parts = call.Parts;
        var isRecorded = call.Node.Op.Code == OpCode.RecordedWhile;
        var count = parts.Values.Length;
        var (body, inside) = Inner("body");
        inside.Builder.Input("turn", s_count);
        inside.Builder.Input("go", s_flag);
        ImmutableArray<string> carried = [.. Enumerable.Range(0, count).Select(i => inside.Builder.Input("carried", call.Types[i]))];
        var turns = isRecorded ? inside.Builder.Input("turns", s_count) : "";
        var next = inside.Run(call.Callee, [.. carried.Select(c => new OnnxValue(c)), .. parts.Arguments]);
        inside.Output("go", next[0].Name, s_flag);
        for (var i = 0; i < count; i++)
        {
            inside.Output("next", next[1 + i].Name, call.Types[i]);
        }

        if (isRecorded)
        {
            inside.Output("turns", inside.Builder.Node("Add", [turns, inside.Builder.Scalar(DType.I64, 1)]), s_count);
            foreach (var i in saved)
            {
                inside.Output("saved", carried[i], call.Types[i]);
            }
        }

        string[] initial = ["", parts.Condition.Name, .. parts.Values.Select(v => v.Name), .. isRecorded ? [builder.Scalar(DType.I64, 0)] : Array.Empty<string>()];
        var names = builder.Nodes("Loop", initial, body.Output.Count - 1, ("body", body));
        ImmutableArray<OnnxValue> results = [.. names.Take(count).Select(n => new OnnxValue(n))];
        return isRecorded ? results.Add(new(new OnnxTape([.. saved.Select((i, k) => (names[count + 1 + k], call.Types[i]))], names[count]))) : results;
    }

    private ImmutableArray<OnnxValue> Unwind(ControlCall call)
    {
        var parts = call.Parts;
        var tape = parts.Condition.Tape ?? throw call.Error("a walk back over the turns of a loop that is not in the same graph");
        var (body, inside) = Inner("step");
        var (b, turn) = (inside.Builder, inside.Builder.Input("turn", s_count));
        b.Input("go", s_flag);
        ImmutableArray<OnnxValue> carried = [.. call.Types.Select(t => new OnnxValue(b.Input("carried", t)))];
        var at = b.Node("Sub", [b.Node("Sub", [tape.Turns, b.Scalar(DType.I64, 1)]), turn]);
        var next = inside.Run(call.Callee, [.. tape.Saved.Select(s => new OnnxValue(b.Node("Gather", [s.Name, at], ("axis", 0L)))), .. carried, .. parts.Arguments]);
        inside.Output("go", b.Scalar(DType.Bool, 1), s_flag);
        for (var i = 0; i < next.Length; i++)
        {
            inside.Output("next", next[i].Name, call.Types[i]);
        }

        return [.. builder.Nodes("Loop", [tape.Turns, "", .. parts.Values.Select(v => v.Name)], next.Length, ("body", body)).Select(n => new OnnxValue(n))];
    }

    private static ImmutableArray<(string Name, TensorType Type)> Tensors(OnnxValue value, TensorType type) => value.Tape is not { } tape
        ? [(value.Name, type)]
        : [(tape.Turns, s_count), .. tape.Saved.Select(s => (s.Name, s.Type with { Shape = new Shape(s.Type.Shape.Dims.Insert(0, Dim.Named(Turns))) }))];

    private static ImmutableArray<OnnxValue> Named(ImmutableArray<OnnxValue> like, ImmutableArray<TensorType> types, ImmutableArray<string> names)
    {
        var taken = 0;
        return
        [
            .. like.Select((value, i) =>
            {
                ImmutableArray<string> own = [.. names.Skip(taken).Take(Tensors(value, types[i]).Length)];
                taken += own.Length;
                return value.Tape is { } tape ? new OnnxValue(new OnnxTape([.. tape.Saved.Select((s, k) => (own[1 + k], s.Type))], own[0])) : new OnnxValue(own[0]);
            }),
        ];
    }
}
