using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into a whole number beside it, with the sign of x also where that is zero: by an instruction of SSE4.1, or, on machines without it, by adding
/// and taking off the number from which on there are no fractions.
/// </summary>
internal static class WholeNumbers
{
    extension(KernelBuilder k)
    {
        public LlvmValue NearestEven(LlvmValue x) => k.HasSse41 ? k.Unary("llvm.roundeven", x) : k.Nearest(x, (_, near) => near);

        public LlvmValue Truncate(LlvmValue x) => k.HasSse41 ? k.Unary("llvm.trunc", x) : k.Nearest(
            x, (magnitude, near) => k.B.FSub(near, k.B.Select(k.B.FCmp(LlvmRealPredicate.Ogt, near, magnitude), x.Type.Real(1), x.Type.Zero)));

        public LlvmValue Floor(LlvmValue x) => k.HasSse41 ? k.Unary("llvm.floor", x) : k.Toward(x, LlvmRealPredicate.Ogt, 1);

        public LlvmValue Ceil(LlvmValue x) => k.HasSse41 ? k.Unary("llvm.ceil", x) : k.Toward(x, LlvmRealPredicate.Olt, -1);

        private LlvmValue Toward(LlvmValue x, LlvmRealPredicate beyond, double step)
        {
            var near = k.NearestEven(x);
            var excess = k.B.Select(k.B.FCmp(beyond, near, x), x.Type.Real(step), x.Type.Zero);
            return k.CopySign(k.B.FSub(near, excess), x);
        }

        private LlvmValue Nearest(LlvmValue x, Func<LlvmValue, LlvmValue, LlvmValue> adjust)
        {
            var limit = Math.Pow(2, Arithmetic.Format(x.Type).Mantissa);
            var magnitude = k.Abs(x);
            var near = k.B.FSub(k.B.FAdd(magnitude, x.Type.Real(limit)), x.Type.Real(limit));
            var result = k.CopySign(adjust(magnitude, near), x);

            // What is larger is whole, and NaN stays.
            return k.B.Select(k.Is(LlvmRealPredicate.Olt, magnitude, limit), result, x);
        }
    }
}
