using CsCheck;

namespace Unified.Ir.Tests;

public sealed class DimLawTests
{
    private static void ForAll(Action<Draw, Dim, Dim, Dim> law) => Gen.Int.Sample(
        seed =>
        {
            try
            {
                var draw = new Draw(seed);
                law(draw, RandomDims.Next(draw), RandomDims.Next(draw), RandomDims.Next(draw));
            }
            catch (OverflowException)
            {
                // Beyond 64 bits there is no value to compare.
            }
        },
        iter: 2000);

    [Fact]
    public void Sums_and_products_are_a_commutative_ring() => ForAll((_, a, b, c) =>
    {
        Assert.Equal(a + b, b + a);
        Assert.Equal(a + b + c, a + (b + c));
        Assert.Equal(a * b, b * a);
        Assert.Equal(a * b * c, a * (b * c));
        Assert.Equal(a * (b + c), (a * b) + (a * c));
        Assert.Equal(a, a + 0);
        Assert.Equal(a, a * 1);
        Assert.Equal(Dim.Zero, a * 0);
        Assert.Equal(Dim.Zero, a - a);
        Assert.Equal(a - b, a + (b * -1));
    });

    [Fact]
    public void Evaluation_goes_through_every_operation() => ForAll((draw, a, b, _) =>
    {
        var values = RandomDims.Values(draw);
        if (TryEvaluate(a, values) is not { } x || TryEvaluate(b, values) is not { } y)
        {
            return;
        }

        Assert.Equal(x + y, (a + b).Evaluate(values));
        Assert.Equal(x - y, (a - b).Evaluate(values));
        Assert.Equal(x * y, (a * b).Evaluate(values));
        Assert.Equal(Math.Max(x, y), Dim.Max(a, b).Evaluate(values));
        Assert.Equal(Math.Min(x, y), Dim.Min(a, b).Evaluate(values));
        if (y != 0)
        {
            Assert.Equal((long)Math.Floor((decimal)x / y), Dim.FloorDiv(a, b).Evaluate(values));
            Assert.Equal(x - (y * (long)Math.Floor((decimal)x / y)), Dim.Mod(a, b).Evaluate(values));
        }

        if (y > 0)
        {
            Assert.Equal((long)Math.Ceiling((decimal)x / y), Dim.CeilDiv(a, b).Evaluate(values));
            Assert.Equal((long)Math.Ceiling((decimal)x / 4) * 4, Dim.RoundUp(a, 4).Evaluate(values));
        }
    });

    [Fact]
    public void Division_is_exact_or_refused() => ForAll((_, a, b, _) =>
    {
        if (a.TryDivide(b) is { } quotient)
        {
            Assert.Equal(a, quotient * b);
        }

        if (!b.Is(0))
        {
            Assert.Equal(a, (a * b).TryDivide(b));
        }

        Assert.Null(a.TryDivide(0));
    });

    [Fact]
    public void Substitution_is_evaluation_with_constants() => ForAll((draw, a, _, _) =>
    {
        var values = RandomDims.Values(draw);
        if (TryEvaluate(a, values) is { } x)
        {
            Assert.Equal((Dim)x, a.Substitute(n => values[n]));
        }

        Assert.Equal(a, a.Substitute(_ => null));
    });

    [Fact]
    public void Equal_dims_have_equal_hashes_and_different_ones_can_differ() => ForAll((draw, a, b, _) =>
    {
        Assert.Equal((a + b).GetHashCode(), (b + a).GetHashCode());
        if (Dim.ProvablyDiffer(a, b))
        {
            var values = RandomDims.Values(draw);
            Assert.True(TryEvaluate(a, values) is not { } x || TryEvaluate(b, values) != x);
        }
    });

    [Fact]
    public void Text_parses_back() => ForAll((_, a, _, _) =>
    {
        Assert.Equal(a, DimText.Parse(a.ToString()));
        Assert.Equal(a.ToString(), DimText.Parse($" ( {a} ) ").ToString());
    });

    [Theory]
    [InlineData("-9223372036854775808*B", "-9223372036854775808*B")]
    [InlineData("2*(B + T)*T - -3", "2*B*T+2*T*T+3")]
    [InlineData("floordiv(T + 1, 2)", "floordiv(T+1, 2)")]
    [InlineData("max(B, B - 1)", "B")]
    [InlineData("max", "max")]
    [InlineData("-(B-1)", "-B+1")]
    public void Text_of_people_becomes_canonical(string text, string canonical) => Assert.Equal(canonical, DimText.Parse(text).ToString());

    [Theory]
    [InlineData("", "line 1, column 1: expected a dim, found the end of the text")]
    [InlineData("B +", "line 1, column 4: expected a dim, found the end of the text")]
    [InlineData("B\n  * ]", "line 2, column 5: expected a dim, found ']'")]
    [InlineData("B T", "line 1, column 3: expected the end, found 'T'")]
    [InlineData("max(B)", "line 1, column 6: expected ',', found ')'")]
    [InlineData("9223372036854775808", "line 1, column 1: 9223372036854775808 does not fit 64 bits")]
    [InlineData("9223372036854775807*4", "line 1, column 22: the dim does not fit 64 bits")]
    public void Text_that_is_no_dim_is_an_error_with_a_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<IrTextException>(() => DimText.Parse(text)).Message);

    [Fact]
    public void Text_that_would_explode_is_an_error()
    {
        var product = string.Join("*", Enumerable.Repeat("(a+b+c+d+e+f)", 40));
        Assert.Contains("terms", Assert.Throws<IrTextException>(() => DimText.Parse(product)).Message, StringComparison.Ordinal);
        Assert.Contains("nested", Assert.Throws<IrTextException>(() => DimText.Parse(new string('(', 4000))).Message, StringComparison.Ordinal);
        Assert.Contains("terms", Assert.Throws<IrTextException>(() => DimText.Parse(string.Join("*", Enumerable.Repeat("a", 300)))).Message, StringComparison.Ordinal);
    }

    private static long? TryEvaluate(Dim dim, Dictionary<string, long> values)
    {
        try
        {
            return dim.Evaluate(values);
        }
        catch (DivideByZeroException)
        {
            return null;
        }
    }
}
