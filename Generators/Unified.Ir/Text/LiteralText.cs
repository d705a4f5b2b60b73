using System.Collections.Immutable;
using System.Globalization;

namespace Unified.Ir;

/// <summary>Turns a C# literal into text and back: <c>null</c>, <c>true</c>, <c>3</c>, <c>3L</c>, <c>1.5</c>, <c>1.5f</c>, <c>"text"</c>.</summary>
internal static class LiteralText
{
    private static readonly ImmutableDictionary<string, object?> Words = ImmutableDictionary<string, object?>.Empty
        .Add("null", null).Add("true", true).Add("false", false);

    public static string Print(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        int i => i.ToString(CultureInfo.InvariantCulture),
        long l => l.ToString(CultureInfo.InvariantCulture) + "L",
        float f => IrWriter.Number(f) + "f",
        double d => IrWriter.Number(d),
        string s => IrWriter.Quote(s),
        _ => throw Unsupported(value),
    };

    public static object? Parse(TextScanner scanner)
    {
        if (scanner.At("\""))
        {
            return scanner.String();
        }

        var text = scanner.PeekNumber();
        if (!Words.TryGetValue(text, out var value))
        {
            value = Number(text) ?? throw scanner.Expected("a literal: null, true, false, 3, 3L, 1.5, 1.5f or a string");
        }

        scanner.Skip(text.Length);
        return value;
    }

    /// <summary>The error for a value that no literal can be.</summary>
    public static ArgumentException Unsupported(object value) =>
        new($"a literal is null, bool, int, long, float, double or string, not {value.GetType().Name}");

    private static object? Number(string text)
    {
        if (IrWriter.ParseNumber(text) is { } real)
        {
            return real;
        }

        if (text.EndsWith("f", StringComparison.Ordinal) && IrWriter.ParseNumber(text[..^1]) is { } single)
        {
            // Read as a float: by way of double it could be rounded twice.
            return double.IsNaN(single) || double.IsInfinity(single)
                ? (float)single
                : float.Parse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return text.EndsWith("L", StringComparison.Ordinal)
            ? long.TryParse(text[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var wide) ? wide : null
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
