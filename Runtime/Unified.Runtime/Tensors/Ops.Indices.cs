using Unified.Ir;

namespace Unified;

/// <summary>Elements by index along an axis, places in sorted rows, counts, and products of vectors and matrices that are sums of few.</summary>
public static partial class Ops
{
    /// <summary>Of each row of an axis the elements that its own indices name: x [.., n, ..] and indices [.., k, ..] give [.., k, ..]. A negative index counts from the end.</summary>
    /// <exception cref="IndexOutOfRangeException">An index lies outside its row.</exception>
    [Op(OpCode.TakeAlongAxis)]
    public static Tensor TakeAlongAxis(Tensor x, Tensor indices, int axis = -1) => Eager.Apply(OpCode.TakeAlongAxis, Attributes.Empty.With("axis", (long)axis), x, indices);

    /// <summary>x [n, …] with each row of updates [indices…, …] added to the row that its index names. A negative index counts from the end.</summary>
    /// <exception cref="IndexOutOfRangeException">An index is out of range.</exception>
    [Op(OpCode.IndexAdd)]
    public static Tensor IndexAdd(Tensor x, Tensor indices, Tensor updates) => Eager.Apply(OpCode.IndexAdd, Attributes.Empty, x, indices, updates);

    /// <summary>As <see cref="IndexAdd"/>, with the larger of the two at each place; NaN wins. Elements that are equally large share the gradient evenly.</summary>
    /// <exception cref="IndexOutOfRangeException">An index is out of range.</exception>
    [Op(OpCode.IndexMax)]
    public static Tensor IndexMax(Tensor x, Tensor indices, Tensor updates) => Eager.Apply(OpCode.IndexMax, Attributes.Empty, x, indices, updates);

    /// <summary>As <see cref="IndexAdd"/>, with the smaller of the two at each place; NaN wins. Elements that are equally small share the gradient evenly.</summary>
    /// <exception cref="IndexOutOfRangeException">An index is out of range.</exception>
    [Op(OpCode.IndexMin)]
    public static Tensor IndexMin(Tensor x, Tensor indices, Tensor updates) => Eager.Apply(OpCode.IndexMin, Attributes.Empty, x, indices, updates);

    /// <summary>As <see cref="IndexAdd"/>, with the product. Its gradient is right at zeros, too; a second derivative is where nothing is 0.</summary>
    /// <exception cref="IndexOutOfRangeException">An index is out of range.</exception>
    [Op(OpCode.IndexMul)]
    public static Tensor IndexMul(Tensor x, Tensor indices, Tensor updates) => Eager.Apply(OpCode.IndexMul, Attributes.Empty, x, indices, updates);

    /// <summary>
    /// x [.., n, ..] with the part of an axis that begins at <paramref name="start"/> replaced by an update [.., k, ..], k ≤ n. With <c>x.Assign(UpdateSlice(x, …))</c> a graph
    /// writes the k rows where x lies and leaves the others alone: how caches are filled.
    /// </summary>
    /// <param name="start">i32 or i64 [], from 0 to n − k.</param>
    /// <exception cref="IndexOutOfRangeException">The part does not lie within the axis.</exception>
    [Op(OpCode.UpdateSlice)]
    public static Tensor UpdateSlice(Tensor x, Tensor update, Tensor start, int axis = 0) =>
        Eager.Apply(OpCode.UpdateSlice, Attributes.Empty.With("axis", (long)axis), x, update, start);

    /// <summary>How many elements of a row in rising order are below each value (or, <paramref name="right"/>, not above it), as i64: the bin of the value between bounds.</summary>
    /// <param name="sorted">[n], or a row for each row of values, [.., n].</param>
    /// <param name="values">[..], or [.., m].</param>
    /// <param name="right">Behind equal elements, not before them.</param>
    [Op(OpCode.SearchSorted)]
    public static Tensor SearchSorted(Tensor sorted, Tensor values, bool right = false) => Eager.Apply(OpCode.SearchSorted, Attributes.Empty.With("right", right), sorted, values);

    /// <summary>How often each of 0 … size - 1 comes in x, i32 or i64, of any shape: [size], i64.</summary>
    /// <exception cref="IndexOutOfRangeException">An element is not below the size.</exception>
    [Op(OpCode.BinCount)]
    public static Tensor BinCount(Tensor x, int size) => Eager.Apply(OpCode.BinCount, Attributes.Empty.With("size", (long)size), x);

    /// <summary>How many elements lie in each of so many equal parts of low … high: [bins], i64. The last part has its upper bound; what is outside does not count.</summary>
    [Op(OpCode.Histogram)]
    public static Tensor Histogram(Tensor x, int bins, double low, double high) =>
        Eager.Apply(OpCode.Histogram, Attributes.Empty.With("bins", (long)bins).With("low", low).With("high", high), x);

    /// <summary>The vector product along the last axis, of size 3; the others broadcast.</summary>
    [Op(OpCode.Cross)]
    public static Tensor Cross(Tensor x, Tensor y) => Eager.Apply(OpCode.Cross, x, y);

    /// <summary>Kronecker's product of matrices [m, n] and [p, q]: [m·p, n·q].</summary>
    [Op(OpCode.Kron)]
    public static Tensor Kron(Tensor x, Tensor y) => Eager.Apply(OpCode.Kron, x, y);

    /// <summary>The covariances of variables, a row of x [variables, observations] each: [variables, variables].</summary>
    /// <param name="x">The observations.</param>
    /// <param name="correction">Of their number: 1 for an estimate without bias.</param>
    [Op(OpCode.Covariance)]
    public static Tensor Covariance(Tensor x, int correction = 1) => Eager.Apply(OpCode.Covariance, Attributes.Empty.With("correction", (long)correction), x);

    /// <summary>Pearson's correlations of variables, a row of x [variables, observations] each; NaN for one that does not vary.</summary>
    [Op(OpCode.Correlation)]
    public static Tensor Correlation(Tensor x) => Eager.Apply(OpCode.Correlation, x);
}
