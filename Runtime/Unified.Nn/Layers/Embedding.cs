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

/// <summary>How <see cref="EmbeddingBag"/> makes one row of many.</summary>
public enum BagMode
{
    Sum,
    Mean,
    Max,
}

/// <summary>Looks the rows of a bag up and makes one of them: indices [B, L] (i32 or i64) give [B, width].</summary>
public sealed partial class EmbeddingBag(int count, int width, BagMode mode = BagMode.Mean, Generator? generator = null) : Layer
{
    private readonly Embedding _table = new(count, width, generator: generator);

    /// <summary>Shape [count, width].</summary>
    public Parameter Weight => _table.Weight;

    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var rows = _table.Forward(x);
        return mode switch
        {
            BagMode.Sum => Ops.Sum(rows, 1),
            BagMode.Mean => Ops.Mean(rows, 1),
            _ => Ops.Max(rows, 1),
        };
    }
}
