using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>What is known about a value before anything runs. Nothing at all, unless it is one of the derived.</summary>
internal abstract record Fact
{
    public static Fact Nothing { get; } = new NoFact();
}

internal sealed record NoFact : Fact;

/// <summary>A tensor. A size that is not known is a name of its own, which no two values share by chance.</summary>
/// <param name="Dims">The last axes; all of them unless <paramref name="IsOpen"/>.</param>
/// <param name="DType">Null: not known.</param>
/// <param name="From">Where that comes from, as a message says it.</param>
internal sealed record TensorFact(Shape Dims, bool IsOpen, DType? DType, string From) : Fact
{
    public static TensorFact Unknown { get; } = new(Shape.Scalar, true, null, "");

    /// <summary>For the result of an op: where the first operand's shape comes from.</summary>
    public string Root { get => field.Length > 0 || From is "#" || !IsGiven ? field : From; init; } = "";

    private bool IsGiven => From.StartsWith("new ", StringComparison.Ordinal) || From.Contains("[Shape]") || From.Contains("[return: Shape]");

    /// <summary>A number of the host as an operand: its type follows the tensors beside it.</summary>
    public static TensorFact Number { get; } = new(Shape.Scalar, false, null, "#");

    public bool IsNumber => ReferenceEquals(this, Number);

    public bool SaysNothing => IsOpen && Dims.Rank == 0 && DType is null;

    public string Text => ShapeWords.Of(Dims, IsOpen) + (DType is { } dtype ? " " + dtype.Text() : "");

    public bool Equals(TensorFact? other) => other is not null && Dims == other.Dims && IsOpen == other.IsOpen && DType == other.DType;

    public override int GetHashCode() => Dims.GetHashCode();
}

/// <summary>An integer of the host: a constant, or symbolic.</summary>
internal sealed record SizeFact(Dim Value) : Fact;

/// <summary>Another constant of the host: null, bool, string, a float, a <see cref="Unified.Ir.DType"/>.</summary>
internal sealed record ConstantFact(object? Value) : Fact;

internal sealed record ListFact(ImmutableArray<Fact> Items) : Fact
{
    public bool Equals(ListFact? other) => other is not null && Items.SequenceEqual(other.Items);

    public override int GetHashCode() => Items.Length;
}

/// <summary>An object whose construction is known.</summary>
/// <param name="Arguments">Of its constructor, by the parameter's name.</param>
/// <param name="Text"><c>new Linear(784, 10)</c>; empty for <c>this</c>.</param>
internal sealed record ObjectFact(INamedTypeSymbol Type, ImmutableDictionary<string, Fact> Arguments, string Text) : Fact
{
    public bool Equals(ObjectFact? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Text.GetHashCode();
}

/// <summary>Makes names for sizes that are not known, one for each value.</summary>
internal sealed class UnknownSizes
{
    private int _count;

    public Dim Next() => Dim.Named("?" + (++_count).ToString(CultureInfo.InvariantCulture));
}

/// <summary>Shapes as messages write them.</summary>
internal static class ShapeWords
{
    /// <summary><c>[B, 784]</c>; <c>[.., 784]</c> when axes may stand before; <c>?</c> for a size that is not known.</summary>
    public static string Of(Shape dims, bool isOpen) =>
        "[" + string.Join(", ", (isOpen ? new[] { ".." } : []).Concat(dims.Select(d => Clean(d.ToString())))) + "]";

    /// <summary>Without the numbers of unknown sizes.</summary>
    public static string Clean(string text) => Regex.Replace(text, @"\?\d+", "?");
}
