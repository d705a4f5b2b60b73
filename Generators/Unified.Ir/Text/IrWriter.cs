using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Unified.Ir;

/// <summary>Writes the words of a text form: indented lines, names, escaped strings, numbers that parse back to the same bits.</summary>
internal sealed class IrWriter
{
    private const long CanonicalNaN = unchecked((long)0xFFF8000000000000);

    private readonly StringBuilder _text = new();
    private int _indent;

    public IrWriter(bool sources) => Sources = sources;

    /// <summary>Whether places in the C# are printed.</summary>
    public bool Sources { get; }

    public override string ToString() => _text.ToString();

    public IrWriter Add(string text)
    {
        _text.Append(text);
        return this;
    }

    public IrWriter Add(int number)
    {
        _text.Append(number.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    public IrWriter Name(string name) => Add(TextScanner.IsBareName(name) ? name : Quote(name));

    public IrWriter Line()
    {
        _text.Append('\n').Append(' ', _indent * 2);
        return this;
    }

    /// <summary>Braces around lines that <paramref name="body"/> writes, each begun with <see cref="Line"/>.</summary>
    public void Braces(Action body)
    {
        _text.Append('{');
        _indent++;
        var start = _text.Length;
        body();
        _indent--;
        if (_text.Length > start)
        {
            Line();
        }

        _text.Append('}');
    }

    public IrWriter List<T>(string open, IEnumerable<T> items, string close, Action<T> item)
    {
        _text.Append(open);
        var first = true;
        foreach (var i in items)
        {
            if (!first)
            {
                _text.Append(", ");
            }

            first = false;
            item(i);
        }

        _text.Append(close);
        return this;
    }

    /// <summary><c> loc("file", line, column, "text")</c>, where places are wanted and known.</summary>
    public void Source(SourceSpan? source)
    {
        if (Sources && source is not null)
        {
            Add(" loc(").Add(Quote(source.File)).Add(", ").Add(source.Line).Add(", ").Add(source.Column).Add(", ").Add(Quote(source.Text)).Add(")");
        }
    }

    public static SourceSpan? ParseSource(TextScanner scanner)
    {
        if (!scanner.Accept("loc"))
        {
            return null;
        }

        scanner.Expect("(");
        var file = scanner.String();
        scanner.Expect(",");
        var line = scanner.Int32("a line");
        scanner.Expect(",");
        var column = scanner.Int32("a column");
        scanner.Expect(",");
        var text = scanner.String();
        scanner.Expect(")");
        return new SourceSpan(file, line, column, text);
    }

    public static string Quote(string value)
    {
        var result = new StringBuilder("\"");
        foreach (var c in value)
        {
            result.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\uFEFF' =>
                    "\\u" + ((int)c).ToString("X4", CultureInfo.InvariantCulture),
                _ => c.ToString(),
            });
        }

        return result.Append('"').ToString();
    }

    /// <summary>Always told from an integer by a point, an exponent or a word: <c>1.0</c>, <c>1E-05</c>, <c>nan</c>, <c>-inf</c>.</summary>
    public static string Number(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        return double.IsNaN(value)
            ? bits == CanonicalNaN ? "nan" : "nan0x" + bits.ToString("x16", CultureInfo.InvariantCulture)
            : Real(value, bits < 0, value.ToString("R", CultureInfo.InvariantCulture));
    }

    public static string Number(float value) =>
        float.IsNaN(value) ? Number((double)value) : Real(value, value < 0 || 1 / value < 0, value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>A number in the form <see cref="Number(double)"/> writes, or null when it is none.</summary>
    public static double? ParseNumber(string text) => text switch
    {
        "nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ when text.StartsWith("nan0x", StringComparison.Ordinal) =>
            text.Length == 21 && long.TryParse(text[5..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
            && double.IsNaN(BitConverter.Int64BitsToDouble(bits))
                ? BitConverter.Int64BitsToDouble(bits)
                : null,
        _ when text.IndexOfAny(['.', 'E', 'e']) > 0 && text[^1] is >= '0' and <= '9' =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && !double.IsInfinity(value) ? value : null,
        _ => null,
    };

    private static string Real(double value, bool negative, string text) =>
        double.IsInfinity(value) ? (negative ? "-inf" : "inf")
        : value == 0 ? (negative ? "-0.0" : "0.0")
        : text.IndexOfAny(['.', 'E']) < 0 ? text + ".0" : text;
}
