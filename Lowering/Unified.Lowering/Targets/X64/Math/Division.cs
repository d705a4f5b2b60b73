using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x, y into quotients and remainders. Integers truncate toward zero; division by zero gives 0 and the least number divided by −1
/// itself, where the instruction would end the process. The remainder has the sign of x, and is exact for floats, too.
/// </summary>
internal static class Division
{
    public static LlvmValue Integer(KernelBuilder k, LlvmValue x, LlvmValue y, bool unsigned, bool remainder)
    {
        var b = k.B;
        var type = x.Type;
        var zero = b.ICmp(LlvmIntPredicate.Eq, y, type.Zero);
        if (unsigned)
        {
            var safe = b.Select(zero, type.Int(1), y);
            return b.Select(zero, type.Zero, remainder ? b.URem(x, safe) : b.UDiv(x, safe));
        }

        var minus = b.ICmp(LlvmIntPredicate.Eq, y, type.AllOnes);
        var divisor = b.Select(b.Or(zero, minus), type.Int(1), y);
        var result = remainder ? b.SRem(x, divisor) : b.SDiv(x, divisor);
        return b.Select(zero, type.Zero, b.Select(minus, remainder ? type.Zero : b.Neg(x), result));
    }

    public static LlvmValue Remainder(KernelBuilder k, LlvmValue x, LlvmValue y)
    {
        var b = k.B;
        var divisor = k.Abs(y);
        var big = Arithmetic.IsDouble(x) ? (First: Math.Pow(2, 600), Second: Math.Pow(2, 500)) : (First: Math.Pow(2, 76), Second: Math.Pow(2, 76));

        // Each round takes away a multiple of y and leaves less than 2^-22 (2^-51) of the rest; the difference is exact.
        var rest = k.Repeat([x], v =>
        {
            var r = v[0];
            var quotient = b.FDiv(r, divisor);
            var step = divisor;
            foreach (var factor in (double[])[big.First, big.Second])
            {
                var overflow = b.And(
                    k.Is(LlvmRealPredicate.Oeq, k.Abs(quotient), double.PositiveInfinity),
                    b.And(k.Is(LlvmRealPredicate.Olt, k.Abs(r), double.PositiveInfinity), k.Is(LlvmRealPredicate.Ogt, divisor, 0)));
                step = b.Select(overflow, b.FMul(step, step.Type.Real(factor)), step);
                quotient = b.Select(overflow, b.FDiv(r, step), quotient);
            }

            var next = k.Fused(b.FNeg(k.Truncate(quotient)), step, r);
            next = b.Select(b.FCmp(LlvmRealPredicate.Olt, k.Abs(r), divisor), r, next);
            return ([next], k.Any(b.FCmp(LlvmRealPredicate.Oge, k.Abs(next), divisor)));
        })[0];

        // A quotient that was rounded up has left a rest on the other side of zero.
        var crossed = b.Or(
            b.And(k.Is(LlvmRealPredicate.Olt, rest, 0), k.Is(LlvmRealPredicate.Ogt, x, 0)),
            b.And(k.Is(LlvmRealPredicate.Ogt, rest, 0), k.Is(LlvmRealPredicate.Olt, x, 0)));
        rest = b.Select(crossed, b.FAdd(rest, k.CopySign(divisor, x)), rest);
        return b.Select(k.IsNaN(rest), rest, k.CopySign(k.Abs(rest), x));
    }
}
