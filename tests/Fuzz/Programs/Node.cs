using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Unified.Fuzz;

/// <summary>What a piece of a program yields. Tensors are told apart by shape and dtype, so that what is generated fits.</summary>
internal enum Kind
{
    Statement,
    Block,
    Int,
    Bool,
    Float,

    /// <summary>An int that is not negative.</summary>
    Bit,

    /// <summary>f32[B,3].</summary>
    Rows,

    /// <summary>f32[B,1].</summary>
    Column,

    /// <summary>f32[3,3].</summary>
    Square,

    /// <summary>f32[3].</summary>
    Vector,

    /// <summary>f32[].</summary>
    Scalar,

    /// <summary>f64[3].</summary>
    Doubles,

    /// <summary>i32[3].</summary>
    Ints,

    /// <summary>bool[B,3].</summary>
    Mask,

    /// <summary>f32[B,3,3].</summary>
    Cube,

    /// <summary>i64[3].</summary>
    Longs,

    /// <summary>f16[3].</summary>
    Halves,

    /// <summary>A class with a f32[B,3] and an int, both of which change.</summary>
    Box,

    /// <summary>A struct of two f32[B,3].</summary>
    Duo,

    /// <summary>A list of f32[B,3] that is never empty.</summary>
    List,

    /// <summary>An array of three f32[B,3].</summary>
    Array,

    /// <summary>(f32[B,3] A, f32[3] B).</summary>
    Tuple,

    /// <summary>A record of f32[B,3], f32[3] and an int.</summary>
    Pair,

    /// <summary>A record that may be null.</summary>
    MaybePair,

    /// <summary>A function from f32[B,3] to the same.</summary>
    Function,
}

/// <summary>
/// A piece of a program: C# text with holes <c>$0</c> … <c>$9</c> for its parts. A tree of kinds and not text, so that a failing program can be
/// cut down without losing its types.
/// </summary>
internal sealed record Node(Kind Kind, string Text, ImmutableArray<Node> Parts)
{
    public static Node Leaf(Kind kind, string text) => new(kind, text, []);

    /// <summary>Statements one after the other.</summary>
    public static Node Block(IEnumerable<Node> statements) => new(Kind.Block, "", [.. statements]);

    public int Size => 1 + Parts.Sum(p => p.Size);

    public Node With(int part, Node value) => this with { Parts = Parts.SetItem(part, value) };

    public override string ToString()
    {
        var builder = new StringBuilder();
        Print(builder);
        return builder.ToString();
    }

    private void Print(StringBuilder to)
    {
        if (Kind == Kind.Block)
        {
            foreach (var statement in Parts)
            {
                statement.Print(to);
                to.Append('\n');
            }

            return;
        }

        for (var i = 0; i < Text.Length; i++)
        {
            if (Text[i] == '$' && i + 1 < Text.Length && char.IsAsciiDigit(Text[i + 1]))
            {
                Parts[CharUnicodeInfo.GetDecimalDigitValue(Text[++i])].Print(to);
            }
            else
            {
                to.Append(Text[i]);
            }
        }
    }
}
