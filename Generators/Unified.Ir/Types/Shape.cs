using System.Collections;
using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The dims of a tensor, outermost first. Rank 0 is a scalar.</summary>
public sealed class Shape : IReadOnlyList<Dim>, IEquatable<Shape>
{
    private readonly ImmutableArray<Dim> _dims;

    public Shape(ImmutableArray<Dim> dims) => _dims = dims;

    public static Shape Scalar { get; } = new(ImmutableArray<Dim>.Empty);

    public static Shape From(params Dim[] dims) => new([.. dims]);

    public static Shape Of(params long[] dims) => new([.. dims.Select(d => (Dim)d)]);

    public ImmutableArray<Dim> Dims => _dims;

    public int Rank => _dims.Length;

    public int Count => _dims.Length;

    public Dim this[int axis] => _dims[axis];

    /// <summary>The number of elements.</summary>
    public Dim Size => _dims.Aggregate(Dim.One, (a, b) => a * b);

    public bool IsConstant => _dims.All(d => d.IsConstant);

    /// <summary>An axis counted from the end when negative, checked.</summary>
    /// <exception cref="ShapeException">The axis lies outside the rank.</exception>
    public int Axis(long axis)
    {
        var result = axis < 0 ? axis + Rank : axis;
        return result >= 0 && result < Rank
            ? (int)result
            : throw new ShapeException($"axis {axis} is out of range for shape {this} of rank {Rank}");
    }

    /// <summary>True when the two can never be equal, whatever the named dims are.</summary>
    public static bool ProvablyDiffer(Shape a, Shape b) => a.Rank != b.Rank || a.Zip(b, Dim.ProvablyDiffer).Any(d => d);

    public Shape Substitute(Func<string, Dim?> replacement) => new([.. _dims.Select(d => d.Substitute(replacement))]);

    public static bool operator ==(Shape? a, Shape? b) => a is null ? b is null : a.Equals(b);

    public static bool operator !=(Shape? a, Shape? b) => !(a == b);

    public bool Equals(Shape? other) => other is not null && _dims.AsSpan().SequenceEqual(other._dims.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as Shape);

    public override int GetHashCode() => _dims.Aggregate(17, (h, d) => unchecked((h * 31) + d.GetHashCode()));

    /// <summary><c>[B,784]</c>.</summary>
    public override string ToString() => "[" + string.Join(",", _dims) + "]";

    public IEnumerator<Dim> GetEnumerator() => ((IEnumerable<Dim>)_dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Element type and shape. Text form: <c>f32[B,784]</c>.</summary>
public sealed record TensorType(DType DType, Shape Shape)
{
    public int Rank => Shape.Rank;

    /// <summary>Size in bytes when dense.</summary>
    public Dim Bytes => Shape.Size * DType.Bytes();

    public override string ToString() => DType.Text() + Shape;
}

/// <summary>A dtype or shape rule was broken. The message names the op and both shapes; the caller adds the place.</summary>
public sealed class ShapeException : Exception
{
    public ShapeException(string message)
        : base(message)
    {
    }

    public ShapeException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The rule alone, without the operands.</summary>
    public string? Why { get; init; }

    /// <summary>False where another size of a named dim would satisfy the rule: it is not shown to hold, nor shown to be broken.</summary>
    public bool IsProvable { get; init; } = true;

    /// <summary>The rule is about element types.</summary>
    public bool IsAboutDType { get; init; }
}

/// <summary>A place in the user's C#: file, 1-based line and column, and the expression's text.</summary>
public sealed record SourceSpan(string File, int Line, int Column, string Text)
{
    public override string ToString() => $"{File}({Line},{Column})";
}
