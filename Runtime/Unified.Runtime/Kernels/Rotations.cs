using System.Numerics.Tensors;

namespace Unified;

/// <summary>Turns two vectors in the plane that they span.</summary>
internal static class Rotations
{
    /// <summary>(x, y) becomes (c·x - s·y, s·x + c·y).</summary>
    /// <param name="spare">As many numbers as there are in x, or more.</param>
    public static void Apply(Span<double> x, Span<double> y, double c, double s, double[] spare)
    {
        var turned = spare.AsSpan(0, x.Length);
        TensorPrimitives.Multiply(x, s, turned);
        TensorPrimitives.MultiplyAdd(y, c, turned, turned);
        TensorPrimitives.Multiply(x, c, x);
        TensorPrimitives.MultiplyAdd(y, -s, x, x);
        turned.CopyTo(y);
    }
}
