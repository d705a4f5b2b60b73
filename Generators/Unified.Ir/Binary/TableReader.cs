using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Unified.Ir;

/// <summary>Turns positions in the tables of a binary form back into strings, dims, types and places. All positions are checked.</summary>
internal sealed class TableReader
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ImmutableArray<string> _strings;
    private readonly ImmutableArray<Dim> _dims;
    private readonly ImmutableArray<TensorType> _tensorTypes;
    private readonly ImmutableArray<ValueType> _valueTypes;
    private readonly ImmutableArray<SourceSpan> _sources;

    public TableReader(Wire.Tables? tables)
    {
        tables = Required(tables, "tables");
        _strings = [.. tables.Strings.Select(Text)];

        // A string may be named by many dims; it is parsed once.
        var parsed = new Dictionary<uint, Dim>();
        _dims = [.. tables.Dims.Select(d => parsed.TryGetValue(d, out var dim) ? dim : parsed[d] = ParseDim(String(d)))];
        _tensorTypes = [.. tables.TensorTypes.Select(t => new TensorType(DType(t.Dtype), Shape(t.Shape)))];
        _valueTypes = [.. tables.ValueTypes.Select(t => new ValueType(Enum<ValueKind>(t.Kind), String(t.Name)))];
        _sources = [.. tables.Sources.Select(s => new SourceSpan(String(s.File), s.Line, s.Column, String(s.Text)))];
    }

    public static T Required<T>(T? message, string what)
        where T : class => message ?? throw new InvalidDataException($"the {what} are missing");

    public static TEnum Enum<TEnum>(uint value)
        where TEnum : struct, Enum
    {
        // The enums here count from 0 without a gap.
        var result = (TEnum)System.Enum.ToObject(typeof(TEnum), value);
        return System.Enum.IsDefined(typeof(TEnum), result)
            ? result
            : throw new InvalidDataException($"{value} is no {typeof(TEnum).Name}");
    }

    public string String(uint position) => At(_strings, position, "string");

    public string? OptionalString(uint position) => position == 0 ? null : String(position - 1);

    public ImmutableArray<string> Strings(RepeatedField<uint> positions) => [.. positions.Select(String)];

    public Dim Dim(uint position) => At(_dims, position, "dim");

    public ImmutableArray<Dim> Dims(RepeatedField<uint> positions) => [.. positions.Select(Dim)];

    public Shape Shape(Wire.Shape? shape) => new(Dims(Required(shape, "dims of a shape").Dims));

    public Shape? OptionalShape(Wire.Shape? shape) => shape is null ? null : Shape(shape);

    public DType DType(uint position) => DTypes.TryParse(String(position), out var dtype)
        ? dtype
        : throw new InvalidDataException($"'{String(position)}' is no dtype");

    public Op Op(uint position) => OpTable.Find(String(position))
        ?? throw new InvalidDataException($"no op is called '{String(position)}'; was this made by a newer version?");

    public TensorType TensorType(uint position) => At(_tensorTypes, position, "tensor type");

    public ImmutableArray<TensorType> TensorTypes(RepeatedField<uint> positions) => [.. positions.Select(TensorType)];

    public ValueType ValueType(uint position) => At(_valueTypes, position, "value type");

    public SourceSpan? Source(uint position) => position == 0 ? null : At(_sources, position - 1, "source");

    private static T At<T>(ImmutableArray<T> table, uint position, string what) => position < table.Length
        ? table[(int)position]
        : throw new InvalidDataException($"{what} {position} is beyond the {table.Length} in the table");

    private static string Text(ByteString bytes)
    {
        try
        {
            return bytes.Length == 0 || bytes[0] != 0xFF ? Utf8.GetString(bytes.ToByteArray())
                : bytes.Length % 2 == 1
                    ? new string([.. Enumerable.Range(0, bytes.Length / 2).Select(i => (char)(bytes[(2 * i) + 1] | (bytes[(2 * i) + 2] << 8)))])
                    : throw new InvalidDataException("a UTF-16 string has half a character");
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException("a string is not UTF-8", e);
        }
    }

    private static Dim ParseDim(string text)
    {
        try
        {
            return DimText.Parse(text);
        }
        catch (IrTextException e)
        {
            throw new InvalidDataException($"a dim is wrong: {e.Message}", e);
        }
    }
}
