using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Turns text into a dim: names, integers, <c>+ - *</c>, brackets, <c>floordiv(a, b)</c>, <c>max(a, b)</c>, <c>min(a, b)</c>.
/// A dim prints by <see cref="Dim.ToString"/>.
/// </summary>
public static class DimText
{
    private static readonly ImmutableDictionary<string, Func<Dim, Dim, Dim>> Functions = new Dictionary<string, Func<Dim, Dim, Dim>>
    {
        ["floordiv"] = Dim.FloorDiv,
        ["max"] = Dim.Max,
        ["min"] = Dim.Min,
    }.ToImmutableDictionary();

    /// <exception cref="IrTextException">The text is no dim, or one beyond 64 bits, 128 factors or 1024 terms.</exception>
    public static Dim Parse(string text)
    {
        var scanner = new TextScanner(text);
        if (text.Length > IrLimits.DimText)
        {
            throw scanner.Error($"a dim of {text.Length} characters is beyond the {IrLimits.DimText} that are read");
        }

        var dim = Parse(scanner);
        scanner.ExpectEnd();
        return dim;
    }

    internal static Dim Parse(TextScanner scanner) => Sum(scanner, 0);

    /// <summary><c>[B,784]</c>.</summary>
    internal static Shape ParseShape(TextScanner scanner) => new(scanner.List("[", "]", Parse));

    private static Dim Sum(TextScanner scanner, int depth)
    {
        if (depth > IrLimits.DimDepth)
        {
            throw scanner.Error($"a dim nested deeper than {IrLimits.DimDepth} levels");
        }

        // Added pairwise at the end: one at a time, a long sum would take quadratic time.
        var parts = new List<Dim> { Product(scanner, depth) };
        while (scanner.Accept("+") || scanner.At("-"))
        {
            parts.Add(Product(scanner, depth));
            if (parts.Sum(p => p.Terms.Length) > IrLimits.DimTerms)
            {
                throw scanner.Error($"a dim of more than {IrLimits.DimTerms} terms");
            }
        }

        return Checked(scanner, () => Total(parts, 0, parts.Count));
    }

    private static Dim Total(List<Dim> parts, int start, int count) => count == 1
        ? parts[start]
        : Total(parts, start, count / 2) + Total(parts, start + (count / 2), count - (count / 2));

    private static Dim Product(TextScanner scanner, int depth)
    {
        // A digit takes the sign along: the least integer has no positive counterpart.
        var negative = scanner.At("-") && !char.IsDigit(scanner.PeekNumber() is { Length: > 1 } number ? number[1] : '-');
        if (negative)
        {
            scanner.Expect("-");
        }

        var product = Factor(scanner, depth);
        while (scanner.Accept("*"))
        {
            var factor = Factor(scanner, depth);
            if ((long)product.Terms.Length * factor.Terms.Length > IrLimits.DimTerms || Degree(product) + Degree(factor) > IrLimits.DimDegree)
            {
                throw scanner.Error($"a dim of more than {IrLimits.DimTerms} terms or {IrLimits.DimDegree} factors");
            }

            product = Checked(scanner, () => product * factor);
        }

        return negative ? Checked(scanner, () => product * -1) : product;
    }

    private static Dim Factor(TextScanner scanner, int depth)
    {
        if (scanner.Accept("("))
        {
            var inner = Sum(scanner, depth + 1);
            scanner.Expect(")");
            return inner;
        }

        var word = scanner.PeekWord();
        if (word.Length == 0)
        {
            return scanner.Int64("a dim");
        }

        scanner.Skip(word.Length);
        if (!scanner.At("(") || !Functions.TryGetValue(word, out var function))
        {
            return Dim.Named(word);
        }

        scanner.Expect("(");
        var left = Sum(scanner, depth + 1);
        scanner.Expect(",");
        var right = Sum(scanner, depth + 1);
        scanner.Expect(")");
        return Checked(scanner, () => function(left, right));
    }

    private static int Degree(Dim dim) => dim.Terms.IsEmpty ? 0 : dim.Terms.Max(t => t.Atoms.Length);

    private static Dim Checked(TextScanner scanner, Func<Dim> compute)
    {
        try
        {
            return compute();
        }
        catch (ArithmeticException e)
        {
            throw scanner.Error("the dim does not fit 64 bits", e);
        }
    }
}
