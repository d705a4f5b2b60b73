using static Unified.Ops;

namespace Unified.Nn;

/// <summary>y[n,k] = Σᵢⱼ x[n,i]·W[k,i,j]·z[n,j] + b[k], for x of shape [N, first] and z of shape [N, second].</summary>
public sealed partial class Bilinear : Module
{
    private readonly int _second;
    private readonly int _outputs;

    public Bilinear(int first, int second, int outputs, bool bias = true, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(first);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(second);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        (_second, _outputs) = (second, outputs);
        generator ??= Generator.Default;
        Weight = Initialize.FanIn(generator, first, outputs, first, second);
        Bias = bias ? Initialize.FanIn(generator, first, outputs) : null;
    }

    /// <summary>Shape [outputs, first, second].</summary>
    [Shape("outputs", "first", "second")]
    public Parameter Weight { get; }

    /// <summary>Shape [outputs], or null.</summary>
    [Shape("outputs")]
    public Parameter? Bias { get; }

    [StaticGraph]
    [return: Shape("..", "outputs")]
    public Tensor Forward([Shape("..", "first")] Tensor x, [Shape("..", "second")] Tensor z)
    {
        var rows = MatMul(x, Reshape(Transpose(Weight, 1, 0, 2), Weight.Shape[1], _outputs * _second));
        var y = Sum(Reshape(rows, x.Shape[0], _outputs, _second) * ExpandDims(z, 1), 2);
        return Bias is null ? y : y + Bias;
    }
}
