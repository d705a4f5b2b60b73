using System.Collections.Immutable;
using Google.Protobuf;

namespace Unified.Ir;

/// <summary>Turns graphs into bytes and back. Equal graphs give equal bytes.</summary>
public static class GraphCodec
{
    private const string What = "graph module";

    public static byte[] Encode(Graph graph) => Encode(new GraphModule([graph]));

    public static byte[] Encode(GraphModule module)
    {
        var tables = new TableWriter();
        var wire = new Wire.GraphModule
        {
            Format = WireFormat.Version,
            Graphs = { module.Graphs.Select(g => Encode(tables, g, 0)) },
        };
        wire.Tables = tables.Tables;
        return wire.ToByteArray();
    }

    /// <summary>Every reference into a table is checked; what the graphs mean is the verifier's.</summary>
    /// <exception cref="InvalidDataException">The bytes are no module, or one of another format.</exception>
    public static GraphModule Decode(ReadOnlySpan<byte> bytes)
    {
        var wire = WireFormat.Parse(Wire.GraphModule.Parser, bytes, What);
        WireFormat.CheckVersion(wire.Format, What);
        var tables = new TableReader(wire.Tables);
        return wire.Graphs.Count > 0
            ? new GraphModule([.. wire.Graphs.Select(g => Decode(tables, g))])
            : throw new InvalidDataException("the module has no graph");
    }

    private static Wire.Graph Encode(TableWriter tables, Graph graph, int depth)
    {
        if (depth > IrLimits.RegionDepth)
        {
            throw new ArgumentException($"regions are nested deeper than {IrLimits.RegionDepth} levels");
        }

        return new Wire.Graph
        {
            Name = tables.String(graph.Name),
            Inputs =
            {
                graph.Inputs.Select(i => new Wire.GraphInput { Name = tables.String(i.Name), Type = tables.Type(i.Type), Kind = (uint)i.Kind }),
            },
            Nodes = { graph.Nodes.Select(n => Encode(tables, n, depth)) },
            Outputs = { graph.Outputs.Select(o => new Wire.GraphOutput { Value = o.Value, Kind = (uint)o.Kind, Input = o.Input }) },
            ValueTypes = { graph.Types.Select(tables.Type) },
        };
    }

    private static Wire.Node Encode(TableWriter tables, Node node, int depth) => new()
    {
        Op = tables.String(node.Op.Name),
        Operands = { node.Operands },
        Results = { node.Results },
        Attributes = { Encode(tables, node.Attributes) },
        Callee = tables.OptionalString(node.Callee),
        Source = tables.Source(node.Source),
        Regions = { node.Regions.Select(r => Encode(tables, r, depth + 1)) },
    };

    internal static IEnumerable<Wire.Attribute> Encode(TableWriter tables, Attributes attributes) => attributes.Items.Select(a => Encode(tables, a.Key, a.Value));

    private static Wire.Attribute Encode(TableWriter tables, string name, AttributeValue value)
    {
        var wire = new Wire.Attribute { Name = tables.String(name) };
        switch (value)
        {
            case BoolAttribute b:
                wire.Flag = b.Value;
                break;
            case FloatAttribute f:
                wire.DoubleBits = (ulong)BitConverter.DoubleToInt64Bits(f.Value);
                break;
            case StringAttribute s:
                wire.Text = tables.String(s.Value);
                break;
            case DTypeAttribute d:
                wire.Dtype = tables.String(d.Value.Text());
                break;
            case DimAttribute d:
                wire.Dim = tables.Dim(d.Value);
                break;
            case DimsAttribute d:
                wire.Dims = tables.Shape(d.Value);
                break;
            default:
                throw new ArgumentException($"an attribute of type {value.GetType().Name} has no binary form");
        }

        return wire;
    }

    private static Graph Decode(TableReader tables, Wire.Graph wire) => new(
        tables.String(wire.Name),
        [.. wire.Inputs.Select(i => new GraphInput(tables.String(i.Name), tables.TensorType(i.Type), TableReader.Enum<InputKind>(i.Kind)))],
        [.. wire.Nodes.Select(n => Decode(tables, n))],
        [.. wire.Outputs.Select(o => new GraphOutput(o.Value, TableReader.Enum<OutputKind>(o.Kind), o.Input))],
        tables.TensorTypes(wire.ValueTypes));

    private static Node Decode(TableReader tables, Wire.Node wire) => new(
        tables.Op(wire.Op),
        [.. wire.Operands],
        [.. wire.Results],
        Decode(tables, wire.Attributes),
        tables.OptionalString(wire.Callee),
        tables.Source(wire.Source))
    {
        Regions = [.. wire.Regions.Select(r => Decode(tables, r))],
    };

    internal static Attributes Decode(TableReader tables, IEnumerable<Wire.Attribute> attributes)
    {
        var result = Attributes.Empty;
        foreach (var wire in attributes)
        {
            var name = tables.String(wire.Name);
            result = result.Find(name) is null
                ? result.With(name, Decode(tables, name, wire))
                : throw new InvalidDataException($"attribute '{name}' is given twice");
        }

        return result;
    }

    private static AttributeValue Decode(TableReader tables, string name, Wire.Attribute wire) => wire.ValueCase switch
    {
        Wire.Attribute.ValueOneofCase.Flag => new BoolAttribute(wire.Flag),
        Wire.Attribute.ValueOneofCase.DoubleBits => new FloatAttribute(BitConverter.Int64BitsToDouble((long)wire.DoubleBits)),
        Wire.Attribute.ValueOneofCase.Text => new StringAttribute(tables.String(wire.Text)),
        Wire.Attribute.ValueOneofCase.Dtype => new DTypeAttribute(tables.DType(wire.Dtype)),
        Wire.Attribute.ValueOneofCase.Dim => new DimAttribute(tables.Dim(wire.Dim)),
        Wire.Attribute.ValueOneofCase.Dims => new DimsAttribute(tables.Shape(wire.Dims).Dims),
        _ => throw new InvalidDataException($"attribute '{name}' has no value"),
    };
}
