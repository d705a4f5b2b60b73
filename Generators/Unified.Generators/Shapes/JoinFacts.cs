using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>What is known of a value that comes by one of two ways.</summary>
internal static class JoinFacts
{
    public static Fact Join(Fact a, Fact b, UnknownSizes unknown) => (a, b) switch
    {
        _ when a.Equals(b) => a,
        (SizeFact, SizeFact) => new SizeFact(unknown.Next()),
        (TensorFact x, TensorFact y) => Join(x, y, unknown),
        _ => Fact.Nothing,
    };

    public static Fact[] Join(Fact[] a, Fact[] b, UnknownSizes unknown) => [.. a.Zip(b, (x, y) => Join(x, y, unknown))];

    /// <summary>The same but for the numbers of unknown sizes.</summary>
    public static bool AreAlike(Fact[] a, Fact[] b) => a.Zip(b, AreAlike).All(alike => alike);

    private static bool AreAlike(Fact a, Fact b) => (a, b) switch
    {
        (SizeFact x, SizeFact y) => ShapeWords.Clean(x.Value.ToString()) == ShapeWords.Clean(y.Value.ToString()),
        (TensorFact x, TensorFact y) => x.Text == y.Text,
        _ => a.Equals(b),
    };

    private static TensorFact Join(TensorFact x, TensorFact y, UnknownSizes unknown)
    {
        var isOpen = x.IsOpen || y.IsOpen || x.Dims.Rank != y.Dims.Rank;
        var rank = Math.Min(x.Dims.Rank, y.Dims.Rank);
        var dims = ImmutableArray.CreateBuilder<Dim>();
        for (var fromEnd = rank; fromEnd >= 1; fromEnd--)
        {
            var (a, b) = (x.Dims[x.Dims.Rank - fromEnd], y.Dims[y.Dims.Rank - fromEnd]);
            dims.Add(a == b ? a : unknown.Next());
        }

        return new TensorFact(new Shape(dims.ToImmutable()), isOpen, x.DType == y.DType ? x.DType : null, x.From);
    }
}
