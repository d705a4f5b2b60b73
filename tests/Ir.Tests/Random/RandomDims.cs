namespace Unified.Ir.Tests;

/// <summary>Random dims: polynomials over a few names, with functions.</summary>
internal static class RandomDims
{
    // Some are words with a meaning of their own in the text forms.
    public static readonly string[] Names = ["B", "T", "H", "_x0", "f32", "nan", "inf", "max", "floordiv", "true", "größe"];

    public static Dim Next(Draw draw, int depth = 3)
    {
        if (depth == 0 || draw.Chance(0.3))
        {
            return draw.Chance(0.5) ? draw.Int(-4, 9) : Dim.Named(draw.Of(Names));
        }

        var a = Next(draw, depth - 1);
        var b = Next(draw, depth - 1);
        return draw.Int(0, 9) switch
        {
            0 or 1 or 2 => a + b,
            3 or 4 => a * b,
            5 => a - b,
            6 => Dim.FloorDiv(a, draw.Int(1, 5)),
            7 => Dim.FloorDiv(a, b),
            8 => Dim.Max(a, b),
            _ => Dim.Min(a, b),
        };
    }

    /// <summary>A size: positive for positive values of the names.</summary>
    public static Dim Size(Draw draw) => draw.Int(0, 9) switch
    {
        0 => 1,
        < 4 => draw.Int(1, 5),
        < 7 => Dim.Named(draw.Of("B", "T", "nan")),
        7 => Dim.Named("B") * draw.Int(2, 4),
        8 => Dim.Named("T") + draw.Int(1, 3),
        _ => Dim.CeilDiv(Dim.Named("T"), draw.Int(2, 4)),
    };

    public static Dictionary<string, long> Values(Draw draw) => Names.ToDictionary(n => n, _ => (long)draw.Int(-3, 7));
}
