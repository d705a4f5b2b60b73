using System.Collections.Immutable;
using Google.Protobuf;

namespace Unified.Ir;

/// <summary>Turns a trace of host values into its message; strings and types stand in the given tables.</summary>
internal sealed class HostTraceEncoder(TableWriter tables)
{
    public Wire.HostTrace Encode(HostTrace trace) => new()
    {
        Definitions = { trace.Definitions.Select(d => new Wire.TracedDefinition { Key = tables.String(d.Key), Hash = ByteString.FromBase64(d.Hash) }) },
        Self = Encode(trace.Self),
        Objects =
        {
            trace.Objects.Select(o => new Wire.HostObject { Type = o.Type is null ? 0 : 1 + tables.Type(o.Type), Text = tables.OptionalString(o.Text) }),
        },
        Steps = { trace.Steps.Select(Encode) },
    };

    public Wire.TracedThunk Encode(TracedThunk thunk) =>
        new() { Definition = thunk.Definition, Thunk = thunk.Thunk, Self = Encode(thunk.Self), Arguments = { thunk.Arguments.Select(Encode) } };

    public Wire.HostOperand Encode(HostOperand operand) => operand switch
    {
        HostLiteral literal => new() { Literal = Literal(literal.Value) },
        HostObject o => new() { Object = o.Number },
        _ => throw new ArgumentException($"a host value of kind {operand.GetType().Name} has no binary form"),
    };

    private Wire.HostStep Encode(HostStep step) => step switch
    {
        InvokeStep invoke => new() { Invoke = new Wire.InvokeStep { Thunk = Encode(invoke.Thunk), Result = Encode(invoke.Result) } },
        ResolveStep resolve => new()
        {
            Resolve = new Wire.ResolveStep { Definition = resolve.Definition, Callee = resolve.Callee, Receiver = Encode(resolve.Receiver), Result = resolve.Result },
        },
        ItemsStep items => new() { Items = new Wire.ItemsStep { Object = items.Object, Items = { items.Items.Select(Encode) } } },
        ItemStep item => new() { Item = new Wire.ItemStep { Object = item.Object, Key = Encode(item.Key), Result = Encode(item.Result) } },
        CountStep count => new() { Count = new Wire.CountStep { Object = count.Object, Count = count.Count } },
        ArrayStep array => new() { Array = new Wire.ArrayStep { Items = { array.Items.Select(Encode) }, Result = array.Result } },
        EqualStep equal => new() { Equal = new Wire.EqualStep { Left = Encode(equal.Left), Right = Encode(equal.Right), Result = equal.Result } },
        _ => throw new ArgumentException($"a step of kind {step.GetType().Name} has no binary form"),
    };

    private Wire.HostLiteral Literal(object? value) => value is null ? new() { Type = (uint)TypeCode.Empty } : new()
    {
        Type = (uint)Type.GetTypeCode(value.GetType()),
        Bits = value switch
        {
            string => 0,
            bool b => b ? 1u : 0u,
            char c => c,
            float f => BitConverter.ToUInt32(BitConverter.GetBytes(f), 0),
            double d => unchecked((ulong)BitConverter.DoubleToInt64Bits(d)),
            ulong u => u,
            _ => unchecked((ulong)Convert.ToInt64(value)),
        },
        Text = value is string text ? tables.String(text) : 0,
    };
}

/// <summary>Turns the message of a trace back into records. Every number is checked against what there is.</summary>
internal sealed class HostTraceDecoder(TableReader tables)
{
    private int _definitions;
    private int _objects;

    public HostTrace Trace(Wire.HostTrace? message)
    {
        var wire = TableReader.Required(message, "host values");
        (_definitions, _objects) = (wire.Definitions.Count, wire.Objects.Count);
        return _definitions == 0 ? throw new InvalidDataException("a graph of no function") : new HostTrace(
            [.. wire.Definitions.Select(d => new TracedDefinition(tables.String(d.Key), d.Hash.ToBase64()))],
            Operand(wire.Self),
            [.. wire.Objects.Select(o => new HostObjectFacts(o.Type == 0 ? null : tables.TensorType(o.Type - 1), tables.OptionalString(o.Text)))],
            [.. wire.Steps.Select(Step)]);
    }

    public TracedThunk Thunk(Wire.TracedThunk? message)
    {
        var wire = TableReader.Required(message, "parts of a host expression");
        return new TracedThunk(Definition(wire.Definition), wire.Thunk, Operand(wire.Self), [.. wire.Arguments.Select(Operand)]);
    }

    public HostOperand Operand(Wire.HostOperand? message)
    {
        var wire = TableReader.Required(message, "host values");
        return wire.OperandCase switch
        {
            Wire.HostOperand.OperandOneofCase.Literal => new HostLiteral(Literal(wire.Literal)),
            Wire.HostOperand.OperandOneofCase.Object => new HostObject(Object(wire.Object)),
            _ => throw new InvalidDataException("a host value of a kind that is not known; was this made by a newer version?"),
        };
    }

    public int Object(int number) => (uint)number < (uint)_objects ? number : throw new InvalidDataException($"object {number} is beyond the {_objects} of the trace");

    private int Definition(int number) =>
        (uint)number < (uint)_definitions ? number : throw new InvalidDataException($"function {number} is beyond the {_definitions} of the trace");

    private HostStep Step(Wire.HostStep wire) => wire.StepCase switch
    {
        Wire.HostStep.StepOneofCase.Invoke => new InvokeStep(Thunk(wire.Invoke.Thunk), Operand(wire.Invoke.Result)),
        Wire.HostStep.StepOneofCase.Resolve => new ResolveStep(
            Definition(wire.Resolve.Definition), wire.Resolve.Callee, Operand(wire.Resolve.Receiver), Definition(wire.Resolve.Result)),
        Wire.HostStep.StepOneofCase.Items => new ItemsStep(Object(wire.Items.Object), [.. wire.Items.Items.Select(Operand)]),
        Wire.HostStep.StepOneofCase.Item => new ItemStep(Object(wire.Item.Object), Operand(wire.Item.Key), Operand(wire.Item.Result)),
        Wire.HostStep.StepOneofCase.Count => new CountStep(Object(wire.Count.Object), wire.Count.Count),
        Wire.HostStep.StepOneofCase.Array => new ArrayStep([.. wire.Array.Items.Select(Operand)], Object(wire.Array.Result)),
        Wire.HostStep.StepOneofCase.Equal => new EqualStep(Operand(wire.Equal.Left), Operand(wire.Equal.Right), wire.Equal.Result),
        _ => throw new InvalidDataException("a step of a kind that is not known; was this made by a newer version?"),
    };

    private object? Literal(Wire.HostLiteral wire) => (TypeCode)wire.Type switch
    {
        TypeCode.Empty => null,
        TypeCode.Boolean => wire.Bits != 0,
        TypeCode.Char => unchecked((char)wire.Bits),
        TypeCode.SByte => unchecked((sbyte)wire.Bits),
        TypeCode.Byte => unchecked((byte)wire.Bits),
        TypeCode.Int16 => unchecked((short)wire.Bits),
        TypeCode.UInt16 => unchecked((ushort)wire.Bits),
        TypeCode.Int32 => unchecked((int)wire.Bits),
        TypeCode.UInt32 => unchecked((uint)wire.Bits),
        TypeCode.Int64 => unchecked((long)wire.Bits),
        TypeCode.UInt64 => wire.Bits,
        TypeCode.Single => BitConverter.ToSingle(BitConverter.GetBytes(unchecked((uint)wire.Bits)), 0),
        TypeCode.Double => BitConverter.Int64BitsToDouble(unchecked((long)wire.Bits)),
        TypeCode.String => tables.String(wire.Text),
        _ => throw new InvalidDataException($"a host value of type code {wire.Type}"),
    };
}
