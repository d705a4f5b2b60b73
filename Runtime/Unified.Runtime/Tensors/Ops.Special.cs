using Unified.Ir;

namespace Unified;

/// <summary>Special functions and predicates.</summary>
public static partial class Ops
{
    /// <summary>Tangent.</summary>
    [Op(OpCode.Tan)]
    public static Tensor Tan(Tensor x) => Eager.Apply(OpCode.Tan, x);

    /// <summary>exp(x) - 1, exact near 0.</summary>
    [Op(OpCode.Expm1)]
    public static Tensor Expm1(Tensor x) => Eager.Apply(OpCode.Expm1, x);

    /// <summary>log(1 + x), exact near 0.</summary>
    [Op(OpCode.Log1p)]
    public static Tensor Log1p(Tensor x) => Eager.Apply(OpCode.Log1p, x);

    /// <summary>The logarithm of |Γ(x)|; infinite at 0 and the negative whole numbers.</summary>
    [Op(OpCode.Lgamma)]
    public static Tensor Lgamma(Tensor x) => Eager.Apply(OpCode.Lgamma, x);

    /// <summary>The slope of <see cref="Lgamma"/>; NaN at 0 and the negative whole numbers.</summary>
    [Op(OpCode.Digamma)]
    public static Tensor Digamma(Tensor x) => Eager.Apply(OpCode.Digamma, x);

    /// <summary>2 to the power x.</summary>
    [Op(OpCode.Exp2)]
    public static Tensor Exp2(Tensor x) => Eager.Apply(OpCode.Exp2, x);

    /// <summary>Logarithm to base 2.</summary>
    [Op(OpCode.Log2)]
    public static Tensor Log2(Tensor x) => Eager.Apply(OpCode.Log2, x);

    /// <summary>Logarithm to base 10.</summary>
    [Op(OpCode.Log10)]
    public static Tensor Log10(Tensor x) => Eager.Apply(OpCode.Log10, x);

    /// <summary>Hyperbolic sine.</summary>
    [Op(OpCode.Sinh)]
    public static Tensor Sinh(Tensor x) => Eager.Apply(OpCode.Sinh, x);

    /// <summary>Hyperbolic cosine.</summary>
    [Op(OpCode.Cosh)]
    public static Tensor Cosh(Tensor x) => Eager.Apply(OpCode.Cosh, x);

    /// <summary>Inverse sine, in radians; NaN outside [-1, 1].</summary>
    [Op(OpCode.Asin)]
    public static Tensor Asin(Tensor x) => Eager.Apply(OpCode.Asin, x);

    /// <summary>Inverse cosine, in radians; NaN outside [-1, 1].</summary>
    [Op(OpCode.Acos)]
    public static Tensor Acos(Tensor x) => Eager.Apply(OpCode.Acos, x);

    /// <summary>Inverse tangent, in radians.</summary>
    [Op(OpCode.Atan)]
    public static Tensor Atan(Tensor x) => Eager.Apply(OpCode.Atan, x);

    /// <summary>Inverse hyperbolic sine.</summary>
    [Op(OpCode.Asinh)]
    public static Tensor Asinh(Tensor x) => Eager.Apply(OpCode.Asinh, x);

    /// <summary>Inverse hyperbolic cosine; NaN below 1.</summary>
    [Op(OpCode.Acosh)]
    public static Tensor Acosh(Tensor x) => Eager.Apply(OpCode.Acosh, x);

    /// <summary>Inverse hyperbolic tangent; NaN outside [-1, 1].</summary>
    [Op(OpCode.Atanh)]
    public static Tensor Atanh(Tensor x) => Eager.Apply(OpCode.Atanh, x);

    /// <summary>1/x.</summary>
    [Op(OpCode.Reciprocal)]
    public static Tensor Reciprocal(Tensor x) => Eager.Apply(OpCode.Reciprocal, x);

    /// <summary>Cube root.</summary>
    [Op(OpCode.Cbrt)]
    public static Tensor Cbrt(Tensor x) => Eager.Apply(OpCode.Cbrt, x);

    /// <summary>Rounds towards 0.</summary>
    [Op(OpCode.Trunc)]
    public static Tensor Trunc(Tensor x) => Eager.Apply(OpCode.Trunc, x);

    /// <summary>What <see cref="Trunc"/> takes off; its sign is that of x.</summary>
    [Op(OpCode.Frac)]
    public static Tensor Frac(Tensor x) => Eager.Apply(OpCode.Frac, x);

    /// <summary>1 - erf(x).</summary>
    [Op(OpCode.Erfc)]
    public static Tensor Erfc(Tensor x) => Eager.Apply(OpCode.Erfc, x);

    /// <summary>The standard normal distribution function.</summary>
    [Op(OpCode.NormalCdf)]
    public static Tensor NormalCdf(Tensor x) => Eager.Apply(OpCode.NormalCdf, x);

    /// <summary>log(x/(1-x)).</summary>
    [Op(OpCode.Logit)]
    public static Tensor Logit(Tensor x) => Eager.Apply(OpCode.Logit, x);

    /// <summary>sin(πx)/(πx); 1 at 0.</summary>
    [Op(OpCode.Sinc)]
    public static Tensor Sinc(Tensor x) => Eager.Apply(OpCode.Sinc, x);

    /// <summary>-x·log x; 0 at 0.</summary>
    [Op(OpCode.Entropy)]
    public static Tensor Entropy(Tensor x) => Eager.Apply(OpCode.Entropy, x);

    /// <summary>x·π/180.</summary>
    [Op(OpCode.DegreesToRadians)]
    public static Tensor DegreesToRadians(Tensor x) => Eager.Apply(OpCode.DegreesToRadians, x);

    /// <summary>x·180/π.</summary>
    [Op(OpCode.RadiansToDegrees)]
    public static Tensor RadiansToDegrees(Tensor x) => Eager.Apply(OpCode.RadiansToDegrees, x);

    /// <summary>NaN and infinities replaced by numbers, which are taken to the nearest finite value of the dtype.</summary>
    [Op(OpCode.NanToNum)]
    public static Tensor NanToNum(Tensor x, double nan = 0, double positive = double.MaxValue, double negative = -double.MaxValue) =>
        Eager.Apply(OpCode.NanToNum, Attributes.Empty.With("nan", nan).With("positive", positive).With("negative", negative), x);

    /// <summary>Gives bool.</summary>
    [Op(OpCode.IsNan)]
    public static Tensor IsNan(Tensor x) => Eager.Apply(OpCode.IsNan, x);

    /// <summary>Either infinity; gives bool.</summary>
    [Op(OpCode.IsInf)]
    public static Tensor IsInf(Tensor x) => Eager.Apply(OpCode.IsInf, x);

    /// <summary>Neither infinity nor NaN; gives bool.</summary>
    [Op(OpCode.IsFinite)]
    public static Tensor IsFinite(Tensor x) => Eager.Apply(OpCode.IsFinite, x);
}
