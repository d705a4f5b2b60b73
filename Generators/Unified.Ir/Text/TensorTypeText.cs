namespace Unified.Ir;

/// <summary>Turns <c>f32[B,784]</c> into a tensor type. A type prints by <see cref="TensorType.ToString"/>.</summary>
public static class TensorTypeText
{
    /// <exception cref="IrTextException">The text is no tensor type.</exception>
    public static TensorType Parse(string text)
    {
        var scanner = new TextScanner(text);
        var type = Parse(scanner);
        scanner.ExpectEnd();
        return type;
    }

    internal static TensorType Parse(TextScanner scanner)
    {
        var word = scanner.PeekWord();
        if (!DTypes.TryParse(word, out var dtype))
        {
            throw scanner.Expected($"a dtype ({string.Join(", ", DTypes.All.Select(d => d.Text()))})");
        }

        scanner.Skip(word.Length);
        return new TensorType(dtype, DimText.ParseShape(scanner));
    }
}
