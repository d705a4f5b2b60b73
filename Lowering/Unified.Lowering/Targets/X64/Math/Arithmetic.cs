using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>The small steps that approximations are written in, on scalars and vectors alike.</summary>
internal static class Arithmetic
{
    extension(KernelBuilder k)
    {
        /// <summary>a · b + c, rounded once where the machine has an instruction for that, else twice.</summary>
        public LlvmValue MultiplyAdd(LlvmValue a, LlvmValue b, LlvmValue c) => k.HasFma ? k.B.Fma(a, b, c) : k.B.FAdd(k.B.FMul(a, b), c);

        public LlvmValue MultiplyAdd(LlvmValue a, double b, LlvmValue c) => k.MultiplyAdd(a, a.Type.Real(b), c);

        public LlvmValue MultiplyAdd(LlvmValue a, LlvmValue b, double c) => k.MultiplyAdd(a, b, a.Type.Real(c));

        /// <summary>a · b + c for formulas that rely on it being rounded once: exact wherever the result is a number of the type.</summary>
        public LlvmValue Fused(LlvmValue a, LlvmValue b, LlvmValue c) => k.HasFma ? k.B.Fma(a, b, c) : FusedInSteps.Emit(k, a, b, c);

        public LlvmValue Fused(LlvmValue a, double b, LlvmValue c) => k.Fused(a, a.Type.Real(b), c);

        /// <summary>Σ coefficient · x^power, highest power first, by Horner's rule.</summary>
        public LlvmValue Polynomial(LlvmValue x, params ReadOnlySpan<double> coefficients)
        {
            var sum = x.Type.Real(coefficients[0]);
            foreach (var next in coefficients[1..])
            {
                sum = k.MultiplyAdd(sum, x, next);
            }

            return sum;
        }

        public LlvmValue Unary(string intrinsic, LlvmValue x) => k.B.CallIntrinsic(intrinsic, [x.Type], x);

        public LlvmValue Abs(LlvmValue x) => k.Unary("llvm.fabs", x);

        public LlvmValue Sqrt(LlvmValue x) => k.Unary("llvm.sqrt", x);

        public LlvmValue CopySign(LlvmValue magnitude, LlvmValue sign) => k.B.CallIntrinsic("llvm.copysign", [magnitude.Type], magnitude, sign);

        public LlvmValue Is(LlvmRealPredicate predicate, LlvmValue x, double y) => k.B.FCmp(predicate, x, x.Type.Real(y));

        public LlvmValue IsNaN(LlvmValue x) => k.B.FCmp(LlvmRealPredicate.Uno, x, x);

        /// <summary>x limited to a range; NaN stays.</summary>
        public LlvmValue Clamp(LlvmValue x, double low, double high)
        {
            x = k.B.Select(k.Is(LlvmRealPredicate.Ogt, x, high), x.Type.Real(high), x);
            return k.B.Select(k.Is(LlvmRealPredicate.Olt, x, low), x.Type.Real(low), x);
        }

        /// <summary>The integer type as wide as a float, and so many of it.</summary>
        public LlvmType BitsOf(LlvmValue x) => k.Context.Int(8 * Numbers.Bytes(x.Type.Scalar)).Like(x.Type);

        public LlvmValue Bits(LlvmValue x) => k.B.BitCast(x, k.BitsOf(x));

        /// <summary>x · 2^exponent, also where 2^exponent itself is no number of the type: in two steps, of which only the last rounds.</summary>
        public LlvmValue Scale(LlvmValue x, LlvmValue exponent)
        {
            var i = exponent.Type;
            var (mantissa, bias) = Format(x.Type);
            var half = k.B.AShr(exponent, i.Int(1));
            LlvmValue Power(LlvmValue e) => k.B.BitCast(k.B.Shl(k.B.Add(e, i.Int(bias)), i.Int(mantissa)), x.Type);
            return k.B.FMul(k.B.FMul(x, Power(half)), Power(k.B.Sub(exponent, half)));
        }
    }

    /// <summary>Stored bits of the mantissa, and bias of the exponent.</summary>
    public static (int Mantissa, int Bias) Format(LlvmType type) => type.Scalar.Kind == LlvmTypeKind.Double ? (52, 1023) : (23, 127);

    public static bool IsDouble(LlvmValue x) => x.Type.Scalar.Kind == LlvmTypeKind.Double;
}
