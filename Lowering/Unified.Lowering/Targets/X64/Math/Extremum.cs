using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns x, y into the greater or the less of them. A NaN on either side is the result.</summary>
internal static class Extremum
{
    /// <param name="k">Where code goes.</param>
    /// <param name="better">Says when x wins over y: Ogt or Olt.</param>
    /// <param name="x">An operand.</param>
    /// <param name="y">An operand.</param>
    public static LlvmValue Float(KernelBuilder k, LlvmRealPredicate better, LlvmValue x, LlvmValue y)
    {
        // "x better than y ? x : y" is one instruction, and gives y when either is NaN.
        if (x.IsConstant || !y.IsConstant)
        {
            var one = k.B.Select(k.B.FCmp(better, x, y), x, y);
            return x.IsConstant ? one : k.B.Select(k.IsNaN(x), x, one);
        }

        return k.B.Select(k.B.FCmp(better, y, x), y, x);
    }

    public static LlvmValue Integer(KernelBuilder k, LlvmIntPredicate better, LlvmValue x, LlvmValue y) =>
        k.B.Select(k.B.ICmp(better, x, y), x, y);
}
