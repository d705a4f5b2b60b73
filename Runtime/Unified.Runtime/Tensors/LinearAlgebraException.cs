namespace Unified;

/// <summary>
/// A matrix has not what an op needs of it: it is singular, not positive definite, or holds a NaN or an infinity. Thrown in both modes, with the op, the
/// matrix's place in the batch, and what was found. In a graph, a result that nothing uses is not computed and throws nothing.
/// </summary>
public sealed class LinearAlgebraException : ArithmeticException
{
    public LinearAlgebraException()
    {
    }

    public LinearAlgebraException(string message)
        : base(message)
    {
    }

    public LinearAlgebraException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
