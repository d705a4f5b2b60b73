using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Turns attributes into <c>{axes=[1], dtype=f32, keepDims=true, value=1.0}</c> and back. The form of a value tells its
/// kind; a dim that begins with a word of another kind stands in brackets.
/// </summary>
internal static class AttributesText
{
    private static readonly ImmutableHashSet<string> Words = [.. DTypes.All.Select(d => d.Text()), "true", "false", "nan", "inf"];

    public static void Print(IrWriter writer, Attributes attributes) => writer.List("{", attributes.Items, "}", item =>
        writer.Name(item.Key).Add("=").Add(Print(item.Value)));

    public static Attributes Parse(TextScanner scanner)
    {
        var attributes = Attributes.Empty;
        scanner.List("{", "}", s =>
        {
            var start = s.Position;
            var name = s.Name("an attribute");
            if (attributes.Find(name) is not null)
            {
                throw s.ErrorAt(start, $"attribute '{name}' is given twice");
            }

            s.Expect("=");
            return attributes = attributes.With(name, ParseValue(s));
        });
        return attributes;
    }

    internal static string Print(AttributeValue value) => value switch
    {
        BoolAttribute b => b.Value ? "true" : "false",
        FloatAttribute f => IrWriter.Number(f.Value),
        StringAttribute s => IrWriter.Quote(s.Value),
        DTypeAttribute d => d.Value.Text(),
        DimAttribute d => IsTaken(d.Value.ToString()) ? $"({d.Value})" : d.Value.ToString(),
        DimsAttribute d => new Shape(d.Value).ToString(),
        _ => throw new InvalidOperationException($"an attribute of type {value.GetType().Name} has no text form"),
    };

    private static AttributeValue ParseValue(TextScanner scanner)
    {
        if (scanner.At("\""))
        {
            return new StringAttribute(scanner.String());
        }

        if (scanner.At("["))
        {
            return new DimsAttribute(DimText.ParseShape(scanner).Dims);
        }

        var number = scanner.PeekNumber();
        if (IrWriter.ParseNumber(number) is { } real)
        {
            scanner.Skip(number.Length);
            return new FloatAttribute(real);
        }

        var word = scanner.PeekWord();
        AttributeValue? value = word switch
        {
            "true" => new BoolAttribute(true),
            "false" => new BoolAttribute(false),
            _ => DTypes.TryParse(word, out var dtype) ? new DTypeAttribute(dtype) : null,
        };
        scanner.Skip(value is null ? 0 : word.Length);
        return value ?? new DimAttribute(DimText.Parse(scanner));
    }

    private static bool IsTaken(string dim)
    {
        var word = new TextScanner(dim.TrimStart('-')).PeekWord();
        return Words.Contains(word) || word.StartsWith("nan0x", StringComparison.Ordinal);
    }
}
