using System.Collections.Immutable;
using Google.Protobuf;

namespace Unified.Ir;

/// <summary>
/// Turns a function into bytes and back, and into a string constant that holds the bytes two per char: the length in two
/// chars (low half first), then the bytes (low first). The string may have lone surrogates; in C# it is written with \uXXXX.
/// </summary>
public static class FunctionCodec
{
    private const string What = "function";

    public static byte[] Encode(Function function)
    {
        var tables = new TableWriter();
        var wire = new Wire.Function
        {
            Format = WireFormat.Version,
            Key = tables.String(function.Key),
            Parameters = { function.Parameters.Select(p => Parameter(tables, p)) },
            Result = tables.Type(function.Result),
            ResultShape = tables.OptionalShape(function.ResultShape),
            HandedBack = { function.HandedBack.Select(p => Parameter(tables, p)) },
            Locals = { function.Locals.Select(l => new Wire.Variable { Name = tables.String(l.Name), Type = tables.Type(l.Type) }) },
            Thunks = { function.Thunks.Select(t => Thunk(tables, t)) },
            Callees = { function.Callees.Select(tables.String) },
            Registers = function.RegisterCount,
            Source = tables.Source(function.Source),
        };
        new InstructionEncoder(tables, wire).Append(function.Body);
        wire.Tables = tables.Tables;
        return wire.ToByteArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no function, or one of another format.</exception>
    public static Function Decode(ReadOnlySpan<byte> bytes)
    {
        var wire = WireFormat.Parse(Wire.Function.Parser, bytes, What);
        WireFormat.CheckVersion(wire.Format, What);
        var tables = new TableReader(wire.Tables);
        return new Function(
            tables.String(wire.Key),
            [.. wire.Parameters.Select(p => Parameter(tables, p))],
            tables.ValueType(wire.Result),
            [.. wire.Locals.Select(l => new Local(tables.String(l.Name), tables.ValueType(l.Type)))],
            [.. wire.Thunks.Select(t => new Thunk(tables.String(t.Name), tables.ValueType(t.Result), [.. t.Arguments.Select(tables.ValueType)], t.Guard))],
            tables.Strings(wire.Callees),
            new InstructionDecoder(tables).Body(wire.Blocks),
            wire.Registers,
            tables.Source(wire.Source))
        {
            ResultShape = tables.OptionalShape(wire.ResultShape),
            HandedBack = [.. wire.HandedBack.Select(p => Parameter(tables, p))],
        };
    }

    public static string Pack(Function function)
    {
        var bytes = Encode(function);
        var chars = new char[2 + ((bytes.Length + 1) / 2)];
        chars[0] = unchecked((char)bytes.Length);
        chars[1] = (char)(bytes.Length >> 16);
        for (var i = 0; i < bytes.Length; i++)
        {
            chars[2 + (i / 2)] |= (char)(bytes[i] << (i % 2 * 8));
        }

        return new string(chars);
    }

    /// <exception cref="InvalidDataException">The string is no packed function, or one of another format.</exception>
    public static Function Unpack(string packed)
    {
        var length = packed.Length < 2 ? -1L : packed[0] + ((long)packed[1] << 16);
        if (length < 0 || packed.Length - 2 != (length + 1) / 2)
        {
            throw new InvalidDataException("the packed function is cut off: its length is not the one it begins with");
        }

        var bytes = new byte[length];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = unchecked((byte)(packed[2 + (i / 2)] >> (i % 2 * 8)));
        }

        return Decode(bytes);
    }

    private static Wire.Parameter Parameter(TableWriter tables, FunctionParameter parameter) => new()
    {
        Name = tables.String(parameter.Name),
        Type = tables.Type(parameter.Type),
        Shape = tables.OptionalShape(parameter.Shape),
    };

    private static FunctionParameter Parameter(TableReader tables, Wire.Parameter parameter) =>
        new(tables.String(parameter.Name), tables.ValueType(parameter.Type), tables.OptionalShape(parameter.Shape));

    private static Wire.Thunk Thunk(TableWriter tables, Thunk thunk) => new()
    {
        Name = tables.String(thunk.Name),
        Result = tables.Type(thunk.Result),
        Arguments = { thunk.Arguments.Select(tables.Type) },
        Guard = thunk.IsGuard,
    };
}
