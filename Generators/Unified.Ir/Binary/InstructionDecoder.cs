using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns protobuf messages back into blocks. A block is built from blocks before it, each used once, so without recursion.</summary>
internal sealed class InstructionDecoder(TableReader tables)
{
    private readonly List<Block?> _blocks = [];
    private readonly List<int> _depths = [];
    private Wire.Instruction _current = new();
    private int _field;
    private int _depth;

    public InvalidDataException Error(string problem) => new($"instruction of kind {_current.Kind}: {problem}");

    public int Number() => _field < _current.Fields.Count ? _current.Fields[_field++] : throw Error("a field is missing");

    public string Text() => tables.String(unchecked((uint)Number()));

    public Op Op() => tables.Op(unchecked((uint)Number()));

    public ImmutableArray<T> List<T>(Func<T> decode)
    {
        var count = Number();
        if (count < 0 || count > _current.Fields.Count - _field)
        {
            throw Error($"a list of {count} items is longer than the instruction");
        }

        var items = ImmutableArray.CreateBuilder<T>(count);
        for (var i = 0; i < count; i++)
        {
            items.Add(decode());
        }

        return items.MoveToImmutable();
    }

    public object? Literal() => _current.Literal is not { } literal ? null : literal.ValueCase switch
    {
        Wire.Literal.ValueOneofCase.Flag => literal.Flag,
        Wire.Literal.ValueOneofCase.Number => literal.Number,
        Wire.Literal.ValueOneofCase.Wide => literal.Wide,
        Wire.Literal.ValueOneofCase.SingleBits => BitConverter.ToSingle(BitConverter.GetBytes(literal.SingleBits), 0),
        Wire.Literal.ValueOneofCase.DoubleBits => BitConverter.Int64BitsToDouble((long)literal.DoubleBits),
        Wire.Literal.ValueOneofCase.Text => tables.String(literal.Text),
        _ => throw Error("the literal has no value"),
    };

    public Block Block()
    {
        var position = Number();
        if (position < 0 || position >= _blocks.Count || _blocks[position] is not { } block)
        {
            throw Error($"block {position} does not stand before the block it is in, or is used twice");
        }

        _blocks[position] = null;
        _depth = Math.Max(_depth, _depths[position]);
        return block;
    }

    /// <summary>All blocks of a function; the result is the body.</summary>
    public Block Body(IReadOnlyCollection<Wire.Block> blocks)
    {
        foreach (var wire in blocks)
        {
            _depth = 0;
            var block = new Block([.. wire.Instructions.Select(Decode)], wire.Yield);
            if (++_depth > IrLimits.BlockDepth)
            {
                throw new InvalidDataException($"blocks are nested deeper than {IrLimits.BlockDepth} levels");
            }

            _blocks.Add(block);
            _depths.Add(_depth);
        }

        var body = _blocks.LastOrDefault();
        return body is not null && _blocks.Count(b => b is not null) == 1
            ? body
            : throw new InvalidDataException("a function has one body, and every other block is part of it");
    }

    private Instruction Decode(Wire.Instruction wire)
    {
        _current = wire;
        _field = 0;
        var form = (wire.Kind <= int.MaxValue ? InstructionForms.Find((int)wire.Kind) : null)
            ?? throw Error("unknown; was this made by a newer version?");
        if (wire.Result != Instruction.None && !form.HasResult)
        {
            throw Error($"'{form.Keyword}' has no result");
        }

        var values = ImmutableArray.CreateBuilder<object?>(form.Fields.Length);
        foreach (var field in form.Fields)
        {
            values.Add(field.Decode(this));
        }

        return _field == wire.Fields.Count
            ? form.Make(wire.Result, new FieldValues(values.MoveToImmutable()), tables.Source(wire.Source))
            : throw Error("too many fields");
    }
}
