using Unified.Ir;

namespace Unified;

/// <summary>Rearranging elements, and matrices with a pattern.</summary>
public static partial class Ops
{
    /// <summary>Without the named axes, which have size 1.</summary>
    [Op(OpCode.Squeeze)]
    public static Tensor Squeeze(Tensor x, ReadOnlySpan<int> axes) =>
        Eager.Apply(OpCode.Squeeze, Attributes.Empty.With("axes", axes.ToArray()), x);

    /// <summary>A new axis of size 1.</summary>
    [Op(OpCode.ExpandDims)]
    public static Tensor ExpandDims(Tensor x, int axis) =>
        Eager.Apply(OpCode.ExpandDims, Attributes.Empty.With("axis", (long)axis), x);

    /// <summary>Axes start … end merged into one.</summary>
    [Op(OpCode.Flatten)]
    public static Tensor Flatten(Tensor x, int start = 0, int end = -1) =>
        Eager.Apply(OpCode.Flatten, Attributes.Empty.With("start", (long)start).With("end", (long)end), x);

    /// <summary>Two axes exchanged.</summary>
    [Op(OpCode.SwapAxes)]
    public static Tensor SwapAxes(Tensor x, int first, int second) =>
        Eager.Apply(OpCode.SwapAxes, Attributes.Empty.With("first", (long)first).With("second", (long)second), x);

    /// <summary>One axis put at another place.</summary>
    [Op(OpCode.MoveAxis)]
    public static Tensor MoveAxis(Tensor x, int source, int destination) =>
        Eager.Apply(OpCode.MoveAxis, Attributes.Empty.With("source", (long)source).With("destination", (long)destination), x);

    /// <summary>In reverse order along an axis.</summary>
    [Op(OpCode.Flip)]
    public static Tensor Flip(Tensor x, int axis) =>
        Eager.Apply(OpCode.Flip, Attributes.Empty.With("axis", (long)axis), x);

    /// <summary>Shifted along an axis; what leaves at the end comes in at the start.</summary>
    [Op(OpCode.Roll)]
    public static Tensor Roll(Tensor x, int shift, int axis) =>
        Eager.Apply(OpCode.Roll, Attributes.Empty.With("shift", (long)shift).With("axis", (long)axis), x);

    /// <summary>Each element of an axis so many times.</summary>
    [Op(OpCode.Repeat)]
    public static Tensor Repeat(Tensor x, int count, int axis) =>
        Eager.Apply(OpCode.Repeat, Attributes.Empty.With("count", (long)count).With("axis", (long)axis), x);

    /// <summary>The whole tensor so many times along each axis.</summary>
    [Op(OpCode.Tile)]
    public static Tensor Tile(Tensor x, ReadOnlySpan<int> repeats) =>
        Eager.Apply(OpCode.Tile, Attributes.Empty.With("repeats", repeats.ToArray()), x);

    /// <summary>The lower triangle of the last two axes, up to a diagonal; the rest is 0.</summary>
    [Op(OpCode.Tril)]
    public static Tensor Tril(Tensor x, int diagonal = 0) =>
        Eager.Apply(OpCode.Tril, Attributes.Empty.With("diagonal", (long)diagonal), x);

    /// <summary>The upper triangle of the last two axes, from a diagonal on; the rest is 0.</summary>
    [Op(OpCode.Triu)]
    public static Tensor Triu(Tensor x, int diagonal = 0) =>
        Eager.Apply(OpCode.Triu, Attributes.Empty.With("diagonal", (long)diagonal), x);

    /// <summary>The diagonal of the last two axes, which have one size.</summary>
    [Op(OpCode.Diagonal)]
    public static Tensor Diagonal(Tensor x) => Eager.Apply(OpCode.Diagonal, x);

    /// <summary>The sum of the diagonal.</summary>
    [Op(OpCode.Trace)]
    public static Tensor Trace(Tensor x) => Eager.Apply(OpCode.Trace, x);

    /// <summary>Matrices with the last axis as their diagonal.</summary>
    [Op(OpCode.DiagonalMatrix)]
    public static Tensor DiagonalMatrix(Tensor x) => Eager.Apply(OpCode.DiagonalMatrix, x);

    /// <summary>Channels moved into blocks of space; x is [N,C,H,W].</summary>
    [Op(OpCode.DepthToSpace)]
    public static Tensor DepthToSpace(Tensor x, int blocksize) =>
        Eager.Apply(OpCode.DepthToSpace, Attributes.Empty.With("blocksize", (long)blocksize), x);

    /// <summary>Each spatial element so many times along each spatial axis; x is [N,C,…].</summary>
    [Op(OpCode.UpsampleNearest)]
    public static Tensor UpsampleNearest(Tensor x, int factor) =>
        Eager.Apply(OpCode.UpsampleNearest, Attributes.Empty.With("factor", (long)factor), x);

    /// <summary>Joined along a new axis; all have one shape.</summary>
    [Op(OpCode.Stack)]
    public static Tensor Stack(IReadOnlyList<Tensor> xs, int axis = 0) => Eager.Apply(OpCode.Stack, Attributes.Empty.With("axis", (long)axis), [.. xs]);

    /// <summary>Each element of x times each of y.</summary>
    [Op(OpCode.Outer)]
    public static Tensor Outer(Tensor x, Tensor y) => Eager.Apply(OpCode.Outer, x, y);

    /// <summary>Σ x·y of two vectors.</summary>
    [Op(OpCode.Dot)]
    public static Tensor Dot(Tensor x, Tensor y) => Eager.Apply(OpCode.Dot, x, y);

    /// <summary>1 on the diagonal, 0 elsewhere.</summary>
    [Op(OpCode.Eye)]
    public static Tensor Eye(int rows, int columns, DType dtype = DType.F32) => Eager.Apply(OpCode.Eye, Attributes.Empty.With("rows", (long)rows).With("columns", (long)columns).With("dtype", dtype));

    /// <summary>So many numbers at equal distances, from start to stop.</summary>
    [Op(OpCode.Linspace)]
    public static Tensor Linspace(double start, double stop, int count, DType dtype = DType.F32) => Eager.Apply(OpCode.Linspace, Attributes.Empty.With("start", start).With("stop", stop).With("count", (long)count).With("dtype", dtype));

    /// <summary>1 at the index, 0 at the other depth - 1 places of a new last axis; an index outside gives zeros.</summary>
    [Op(OpCode.OneHot)]
    public static Tensor OneHot(Tensor indices, int depth, DType dtype = DType.F32) =>
        Eager.Apply(OpCode.OneHot, Attributes.Empty.With("depth", (long)depth).With("dtype", dtype), indices);

    /// <summary>Products summed by subscripts, such as <c>bij,bjk-&gt;bik</c>; a label occurs once in each operand.</summary>
    [Op(OpCode.Einsum)]
    public static Tensor Einsum(IReadOnlyList<Tensor> xs, string equation) => Eager.Apply(OpCode.Einsum, Attributes.Empty.With("equation", new StringAttribute(equation)), [.. xs]);
}
