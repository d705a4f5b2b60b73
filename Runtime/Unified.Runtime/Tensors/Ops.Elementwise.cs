using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>
/// The operators. Elementwise ones broadcast as NumPy does and need equal dtypes; <see cref="ShapeException"/> names the op
/// and both shapes when they do not fit.
/// </summary>
[StackTraceHidden]
public static partial class Ops
{
    [Op(OpCode.Neg)]
    public static Tensor Neg(Tensor x) => Eager.Apply(OpCode.Neg, x);

    [Op(OpCode.Abs)]
    public static Tensor Abs(Tensor x) => Eager.Apply(OpCode.Abs, x);

    /// <summary>-1, 0 or 1.</summary>
    [Op(OpCode.Sign)]
    public static Tensor Sign(Tensor x) => Eager.Apply(OpCode.Sign, x);

    [Op(OpCode.Exp)]
    public static Tensor Exp(Tensor x) => Eager.Apply(OpCode.Exp, x);

    /// <summary>Natural logarithm.</summary>
    [Op(OpCode.Log)]
    public static Tensor Log(Tensor x) => Eager.Apply(OpCode.Log, x);

    [Op(OpCode.Sqrt)]
    public static Tensor Sqrt(Tensor x) => Eager.Apply(OpCode.Sqrt, x);

    /// <summary>1/√x.</summary>
    [Op(OpCode.Rsqrt)]
    public static Tensor Rsqrt(Tensor x) => Eager.Apply(OpCode.Rsqrt, x);

    [Op(OpCode.Sin)]
    public static Tensor Sin(Tensor x) => Eager.Apply(OpCode.Sin, x);

    [Op(OpCode.Cos)]
    public static Tensor Cos(Tensor x) => Eager.Apply(OpCode.Cos, x);

    [Op(OpCode.Tanh)]
    public static Tensor Tanh(Tensor x) => Eager.Apply(OpCode.Tanh, x);

    /// <summary>The error function.</summary>
    [Op(OpCode.Erf)]
    public static Tensor Erf(Tensor x) => Eager.Apply(OpCode.Erf, x);

    [Op(OpCode.Floor)]
    public static Tensor Floor(Tensor x) => Eager.Apply(OpCode.Floor, x);

    [Op(OpCode.Ceil)]
    public static Tensor Ceil(Tensor x) => Eager.Apply(OpCode.Ceil, x);

    /// <summary>To the nearest integer, ties to even.</summary>
    [Op(OpCode.Round)]
    public static Tensor Round(Tensor x) => Eager.Apply(OpCode.Round, x);

    /// <summary>Of bools; of integers, bit by bit.</summary>
    [Op(OpCode.LogicalNot)]
    public static Tensor LogicalNot(Tensor x) => Eager.Apply(OpCode.LogicalNot, x);

    /// <summary>The same values; no gradient flows.</summary>
    [Op(OpCode.StopGradient)]
    public static Tensor StopGradient(Tensor x) => Eager.Apply(OpCode.StopGradient, x);

    /// <summary>max(x, 0).</summary>
    [Op(OpCode.Relu)]
    public static Tensor Relu(Tensor x) => Eager.Apply(OpCode.Relu, x);

    /// <summary>1/(1+exp(-x)).</summary>
    [Op(OpCode.Sigmoid)]
    public static Tensor Sigmoid(Tensor x) => Eager.Apply(OpCode.Sigmoid, x);

    /// <summary>x·sigmoid(x).</summary>
    [Op(OpCode.Silu)]
    public static Tensor Silu(Tensor x) => Eager.Apply(OpCode.Silu, x);

    /// <summary>x/2·(1+erf(x/√2)).</summary>
    [Op(OpCode.Gelu)]
    public static Tensor Gelu(Tensor x) => Eager.Apply(OpCode.Gelu, x);

    /// <summary>The tanh approximation of <see cref="Gelu"/>.</summary>
    [Op(OpCode.GeluTanh)]
    public static Tensor GeluTanh(Tensor x) => Eager.Apply(OpCode.GeluTanh, x);

    [Op(OpCode.Square)]
    public static Tensor Square(Tensor x) => Eager.Apply(OpCode.Square, x);

    [Op(OpCode.Add)]
    public static Tensor Add(Tensor x, Tensor y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor Add(Tensor x, double y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Sub)]
    public static Tensor Sub(Tensor x, Tensor y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor Sub(Tensor x, double y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Mul)]
    public static Tensor Mul(Tensor x, Tensor y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor Mul(Tensor x, double y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Div)]
    public static Tensor Div(Tensor x, Tensor y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor Div(Tensor x, double y) => Eager.Apply(OpCode.Div, x, y);

    /// <summary>x to the power y.</summary>
    [Op(OpCode.Pow)]
    public static Tensor Pow(Tensor x, Tensor y) => Eager.Apply(OpCode.Pow, x, y);

    /// <summary>x to the power y.</summary>
    [Op(OpCode.Pow)]
    public static Tensor Pow(Tensor x, double y) => Eager.Apply(OpCode.Pow, x, y);

    /// <summary>NaN if either is NaN.</summary>
    [Op(OpCode.Maximum)]
    public static Tensor Maximum(Tensor x, Tensor y) => Eager.Apply(OpCode.Maximum, x, y);

    /// <summary>NaN if either is NaN.</summary>
    [Op(OpCode.Maximum)]
    public static Tensor Maximum(Tensor x, double y) => Eager.Apply(OpCode.Maximum, x, y);

    /// <summary>NaN if either is NaN.</summary>
    [Op(OpCode.Minimum)]
    public static Tensor Minimum(Tensor x, Tensor y) => Eager.Apply(OpCode.Minimum, x, y);

    /// <summary>NaN if either is NaN.</summary>
    [Op(OpCode.Minimum)]
    public static Tensor Minimum(Tensor x, double y) => Eager.Apply(OpCode.Minimum, x, y);

    [Op(OpCode.Remainder)]
    public static Tensor Remainder(Tensor x, Tensor y) => Eager.Apply(OpCode.Remainder, x, y);

    [Op(OpCode.Remainder)]
    public static Tensor Remainder(Tensor x, double y) => Eager.Apply(OpCode.Remainder, x, y);

    /// <summary>Of bools; of integers, bit by bit.</summary>
    [Op(OpCode.LogicalAnd)]
    public static Tensor LogicalAnd(Tensor x, Tensor y) => Eager.Apply(OpCode.LogicalAnd, x, y);

    /// <summary>Of bools; of integers, bit by bit.</summary>
    [Op(OpCode.LogicalOr)]
    public static Tensor LogicalOr(Tensor x, Tensor y) => Eager.Apply(OpCode.LogicalOr, x, y);

    /// <summary>Of bools; of integers, bit by bit.</summary>
    [Op(OpCode.LogicalXor)]
    public static Tensor LogicalXor(Tensor x, Tensor y) => Eager.Apply(OpCode.LogicalXor, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.Equal)]
    public static Tensor Equal(Tensor x, Tensor y) => Eager.Apply(OpCode.Equal, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.Equal)]
    public static Tensor Equal(Tensor x, double y) => Eager.Apply(OpCode.Equal, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.NotEqual)]
    public static Tensor NotEqual(Tensor x, Tensor y) => Eager.Apply(OpCode.NotEqual, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.NotEqual)]
    public static Tensor NotEqual(Tensor x, double y) => Eager.Apply(OpCode.NotEqual, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.Less)]
    public static Tensor Less(Tensor x, Tensor y) => Eager.Apply(OpCode.Less, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.Less)]
    public static Tensor Less(Tensor x, double y) => Eager.Apply(OpCode.Less, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.LessEqual)]
    public static Tensor LessEqual(Tensor x, Tensor y) => Eager.Apply(OpCode.LessEqual, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.LessEqual)]
    public static Tensor LessEqual(Tensor x, double y) => Eager.Apply(OpCode.LessEqual, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.Greater)]
    public static Tensor Greater(Tensor x, Tensor y) => Eager.Apply(OpCode.Greater, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.Greater)]
    public static Tensor Greater(Tensor x, double y) => Eager.Apply(OpCode.Greater, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.GreaterEqual)]
    public static Tensor GreaterEqual(Tensor x, Tensor y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.GreaterEqual)]
    public static Tensor GreaterEqual(Tensor x, double y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    /// <summary>Converts: floats to integers truncate and saturate, NaN gives 0; to bool is "not zero".</summary>
    [Op(OpCode.Cast)]
    public static Tensor Cast(Tensor x, DType dtype) => Eager.Apply(OpCode.Cast, Attributes.Empty.With("dtype", dtype), x);

    /// <summary><paramref name="x"/> where the bool <paramref name="condition"/> holds, else <paramref name="y"/>; all three broadcast.</summary>
    [Op(OpCode.Select)]
    public static Tensor Select(Tensor condition, Tensor x, Tensor y) => Eager.Apply(OpCode.Select, Attributes.Empty, condition, x, y);

    /// <inheritdoc cref="Select(Tensor, Tensor, Tensor)"/>
    [Op(OpCode.Select)]
    public static Tensor Select(Tensor condition, Tensor x, double y) =>
        Eager.Apply(OpCode.Select, Attributes.Empty, condition, x, Tensor.ScalarOf(x.DType, y));

    /// <inheritdoc cref="Select(Tensor, Tensor, Tensor)"/>
    [Op(OpCode.Select)]
    public static Tensor Select(Tensor condition, double x, Tensor y) =>
        Eager.Apply(OpCode.Select, Attributes.Empty, condition, Tensor.ScalarOf(y.DType, x), y);

    [Op(OpCode.Clamp)]
    public static Tensor Clamp(Tensor x, double min, double max) =>
        Eager.Apply(OpCode.Clamp, Attributes.Empty.With("min", min).With("max", max), x);
}
