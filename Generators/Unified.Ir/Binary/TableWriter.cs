using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Unified.Ir;

/// <summary>Turns strings, dims, types and places into positions in the tables of a binary form, each kept once.</summary>
internal sealed class TableWriter
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, uint> _strings = new(StringComparer.Ordinal);
    private readonly Dictionary<Dim, uint> _dims = [];
    private readonly Dictionary<TensorType, uint> _tensorTypes = [];
    private readonly Dictionary<ValueType, uint> _valueTypes = [];
    private readonly Dictionary<SourceSpan, uint> _sources = [];

    public Wire.Tables Tables { get; } = new();

    public uint String(string text) => Intern(_strings, text, Tables.Strings, Bytes);

    public uint OptionalString(string? text) => text is null ? 0 : String(text) + 1;

    public uint Dim(Dim dim) => Intern(_dims, dim, Tables.Dims, d => String(d.ToString()));

    public IEnumerable<uint> Dims(IEnumerable<Dim> dims) => dims.Select(Dim);

    public Wire.Shape Shape(IEnumerable<Dim> dims) => new() { Dims = { Dims(dims) } };

    public Wire.Shape? OptionalShape(Shape? shape) => shape is null ? null : Shape(shape);

    public uint Type(TensorType type) => Intern(
        _tensorTypes, type, Tables.TensorTypes, t => new Wire.TensorType { Dtype = String(t.DType.Text()), Shape = Shape(t.Shape) });

    public uint Type(ValueType type) => Intern(
        _valueTypes, type, Tables.ValueTypes, t => new Wire.ValueType { Kind = (uint)t.Kind, Name = String(t.Name) });

    public uint Source(SourceSpan? source) => source is null ? 0 : 1 + Intern(_sources, source, Tables.Sources, s => new Wire.Source
    {
        File = String(s.File),
        Line = s.Line,
        Column = s.Column,
        Text = String(s.Text),
    });

    private static uint Intern<TKey, TWire>(Dictionary<TKey, uint> known, TKey key, RepeatedField<TWire> table, Func<TKey, TWire> make)
        where TKey : notnull
    {
        if (!known.TryGetValue(key, out var position))
        {
            var wire = make(key);
            position = (uint)table.Count;
            table.Add(wire);
            known.Add(key, position);
        }

        return position;
    }

    private static ByteString Bytes(string text)
    {
        try
        {
            return ByteString.CopyFrom(Utf8.GetBytes(text));
        }
        catch (EncoderFallbackException)
        {
            // Not by Encoding.Unicode, which replaces what it cannot pair.
            return ByteString.CopyFrom([0xFF, .. text.SelectMany(c => new[] { unchecked((byte)c), (byte)(c >> 8) })]);
        }
    }
}
