using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns blocks into protobuf messages, the fields of each instruction in the order of its row.</summary>
internal sealed class InstructionEncoder(TableWriter tables, Wire.Function function)
{
    private Wire.Instruction _current = new();
    private int _depth;

    public void Number(int value) => _current.Fields.Add(value);

    public void Text(string value) => Number((int)tables.String(value));

    public void List<T>(ImmutableArray<T> items, Action<T> encode)
    {
        Number(items.Length);
        foreach (var item in items)
        {
            encode(item);
        }
    }

    public void Literal(object? value) => _current.Literal = value switch
    {
        null => null,
        bool b => new Wire.Literal { Flag = b },
        int i => new Wire.Literal { Number = i },
        long l => new Wire.Literal { Wide = l },
        float f => new Wire.Literal { SingleBits = BitConverter.ToUInt32(BitConverter.GetBytes(f), 0) },
        double d => new Wire.Literal { DoubleBits = (ulong)BitConverter.DoubleToInt64Bits(d) },
        string s => new Wire.Literal { Text = tables.String(s) },
        _ => throw LiteralText.Unsupported(value),
    };

    /// <summary>Adds a block after the blocks in it, and its position to the current instruction.</summary>
    public void Block(Block block)
    {
        var owner = _current;
        var position = Append(block);
        _current = owner;
        Number(position);
    }

    public int Append(Block block)
    {
        if (++_depth > IrLimits.BlockDepth)
        {
            throw new ArgumentException($"blocks are nested deeper than {IrLimits.BlockDepth} levels");
        }

        var wire = new Wire.Block { Yield = block.Yield };
        foreach (var instruction in block.Instructions)
        {
            wire.Instructions.Add(Encode(instruction));
        }

        _depth--;
        function.Blocks.Add(wire);
        return function.Blocks.Count - 1;
    }

    private Wire.Instruction Encode(Instruction instruction)
    {
        var form = InstructionForms.Of(instruction);
        var wire = new Wire.Instruction
        {
            Kind = (uint)form.Number,
            Result = instruction.Result,
            Source = tables.Source(instruction.Source),
        };
        _current = wire;
        var values = form.Take(instruction);
        for (var i = 0; i < values.Length; i++)
        {
            form.Fields[i].Encode(this, values[i]);
        }

        return wire;
    }
}
