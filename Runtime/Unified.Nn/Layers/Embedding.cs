namespace Unified.Nn;

/// <summary>Looks rows up in a table: indices of shape [...] (i32 or i64) give [..., width].</summary>
public sealed partial class Embedding : Layer
{
    public Embedding(int count, int width, float deviation = 1, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        Weight = Initialize.Normal(generator ?? Generator.Default, deviation, count, width);
    }

    /// <summary>Shape [count, width].</summary>
    [Shape("count", "width")]
    public Parameter Weight { get; }

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..")] Tensor x) => Ops.Embedding(Weight, x);
}
