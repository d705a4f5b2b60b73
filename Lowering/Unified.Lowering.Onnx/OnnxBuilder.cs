using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Unified.Ir;
using Unified.Lowering.Onnx.Wire;

namespace Unified.Lowering.Onnx;

/// <summary>One node on its way to ONNX: the names of its operands there, and their types.</summary>
internal sealed record OnnxCall(Node Node, ImmutableArray<string> Inputs, ImmutableArray<TensorType> Types, TensorType Result)
{
    public Attributes Attributes => Node.Attributes;

    public int Rank => Types[0].Rank;
}

/// <summary>Appends nodes and constants to an ONNX graph; a value is its name.</summary>
internal sealed class OnnxBuilder
{
    private readonly GraphProto _graph;
    private readonly Dictionary<string, string> _dims;
    private readonly Dictionary<string, (string Input, int Axis)> _sources;
    private readonly StrongBox<int> _names;

    public OnnxBuilder(GraphProto graph) => (_graph, _dims, _sources, _names) = (graph, new(StringComparer.Ordinal), new(StringComparer.Ordinal), new());

    private OnnxBuilder(GraphProto graph, OnnxBuilder around) =>
        (_graph, _dims, _sources, _names) = (graph, new(around._dims, StringComparer.Ordinal), around._sources, around._names);

    /// <summary>Writes a graph that a node of this one holds: it sees what is named here so far, and its own names are none of these.</summary>
    public OnnxBuilder Inner(GraphProto graph) => new(graph, this);

    /// <summary>A named dim can be read off this input's axis when the model runs.</summary>
    public void DeclareInput(string name, TensorType type)
    {
        for (var axis = 0; axis < type.Rank; axis++)
        {
            if (type.Shape[axis].Name is { } dim)
            {
                _sources.TryAdd(dim, (name, axis));
            }
        }
    }

    public string NewName(string hint) => $"{hint}_{_names.Value++}";

    public string Node(string op, IEnumerable<string> inputs, params (string Name, object Value)[] attributes) =>
        Nodes(op, inputs, 1, attributes)[0];

    public string Node(string op, string input, params (string Name, object Value)[] attributes) => Node(op, [input], attributes);

    public ImmutableArray<string> Nodes(string op, IEnumerable<string> inputs, int results, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = op, Name = NewName(op) };
        node.Input.AddRange(inputs);
        ImmutableArray<string> outputs = [.. Enumerable.Range(0, results).Select(_ => NewName("v"))];
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        _graph.Node.Add(node);
        return outputs;
    }

    public string Scalar(DType dtype, double value) => Initializer(dtype, [], OnnxTypes.Bytes(dtype, value));

    public string Ints(params IEnumerable<long> values)
    {
        var list = values.ToArray();
        return Initializer(DType.I64, [list.Length], [.. list.SelectMany(BitConverter.GetBytes)]);
    }

    public string Initializer(DType dtype, ReadOnlySpan<long> dims, ReadOnlySpan<byte> data, string? name = null)
    {
        var tensor = new TensorProto { Name = name ?? NewName("c"), DataType = OnnxTypes.Code(dtype), RawData = ByteString.CopyFrom(data) };
        tensor.Dims.AddRange(dims.ToArray());
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Sizes as a tensor i64[n]; computed from the inputs' shapes where they are symbolic.</summary>
    public string Dims(IEnumerable<Dim> dims)
    {
        ImmutableArray<Dim> list = [.. dims];
        return list.All(d => d.IsConstant)
            ? Ints(list.Select(d => d.Value))
            : Node("Concat", list.Select(d => Node("Reshape", [Dim(d), Ints(1L)])), ("axis", 0L));
    }

    /// <summary>A size as a rank-0 i64 tensor.</summary>
    public string Dim(Dim dim)
    {
        var key = dim.ToString();
        return _dims.TryGetValue(key, out var known) ? known : _dims[key] = Compute(dim);
    }

    /// <summary>A value under a name that is an output of this graph.</summary>
    public void Output(string x, string name, TensorType type)
    {
        // An output needs a name of its own: one value may leave twice, or come from outside.
        var copy = new NodeProto { OpType = "Identity", Name = $"out_{name}" };
        copy.Input.Add(x);
        copy.Output.Add(name);
        _graph.Node.Add(copy);
        _graph.Output.Add(OnnxTypes.Info(name, type));
    }

    /// <summary>An input of this graph, which is held by a node.</summary>
    public string Input(string hint, TensorType type)
    {
        var name = NewName(hint);
        _graph.Input.Add(OnnxTypes.Info(name, type));
        return name;
    }

    public string Cast(string x, DType dtype) => Node("Cast", x, ("to", (long)OnnxTypes.Code(dtype)));

    private string Compute(Dim dim)
    {
        if (dim.IsConstant)
        {
            return Scalar(DType.I64, dim.Value);
        }

        return dim.Terms.Select(term => term.Atoms.Select(Atom).Prepend(Scalar(DType.I64, term.Coefficient)).Aggregate((a, b) => Node("Mul", [a, b])))
            .Aggregate((a, b) => Node("Add", [a, b]));
    }

    private string Atom(DimAtom atom) => atom switch
    {
        DimName name => _sources.TryGetValue(name.Name, out var source)
            ? Node("Gather", [Node("Shape", source.Input), Scalar(DType.I64, source.Axis)])
            : throw new NotSupportedException($"the size '{name.Name}' is no input's size, so an ONNX model cannot know it"),

        // Sizes are not negative: ONNX's quotient, which truncates, is the floor.
        DimFunction { Kind: DimFunctionKind.FloorDiv } f => Node("Div", [Dim(f.Left), Dim(f.Right)]),
        DimFunction { Kind: DimFunctionKind.Max } f => Node("Max", [Dim(f.Left), Dim(f.Right)]),
        DimFunction f => Node("Min", [Dim(f.Left), Dim(f.Right)]),
        _ => throw new NotSupportedException($"size {atom.Text}"),
    };

    private static AttributeProto Attribute(string name, object value)
    {
        var proto = new AttributeProto { Name = name };
        switch (value)
        {
            case long i:
                (proto.I, proto.Type) = (i, AttributeProto.Types.AttributeType.Int);
                break;
            case double f:
                (proto.F, proto.Type) = ((float)f, AttributeProto.Types.AttributeType.Float);
                break;
            case string s:
                (proto.S, proto.Type) = (ByteString.CopyFromUtf8(s), AttributeProto.Types.AttributeType.String);
                break;
            case GraphProto graph:
                (proto.G, proto.Type) = (graph, AttributeProto.Types.AttributeType.Graph);
                break;
            case IEnumerable<long> ints:
                proto.Ints.AddRange(ints);
                proto.Type = AttributeProto.Types.AttributeType.Ints;
                break;
            default:
                throw new ArgumentException($"attribute {name} of type {value.GetType()}", nameof(value));
        }

        return proto;
    }
}
