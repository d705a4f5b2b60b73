using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns the powers 2^((x − m) · s) that a row sums up, as a softmax or a cross-entropy does, into 2^(x · s − m · s), which takes an instruction less: m and s are the same along the row, and the sum is multiplied by what rounding took from m · s.
/// </summary>
/// <param name="Value">The node of x.</param>
/// <param name="Start">The node of m, a constant of the row.</param>
/// <param name="Scale">s, in [1, 2).</param>
internal sealed record ShiftedPower(int Value, int Start, double Scale)
{
    // From here on a sum cannot hold what rounding takes. m's neighbours then are so far away that 2 to their distance is 0 or infinite, with any s.
    private const double Huge = 1L << 31;

    private LlvmValue _scale, _shift, _rest;

    /// <summary>Null: the sum is not of this form, or something else needs the powers.</summary>
    public static ShiftedPower? Of(KernelBuilder k, RowKernel kernel, NodeEmitter row, Reduction sum)
    {
        var nodes = kernel.Nodes;
        return k.HasAvx512 && sum.Op == OpCode.Sum && nodes[sum.Node] is ComputeNode { Op: OpCode.Exp2, Type: DType.F32 } power
            && nodes[power.Operands[0]] is ComputeNode { Op: OpCode.Mul, Type: DType.F32 } product && nodes[product.Operands[1]] is ConstantNode { Value: >= 1 and < 2 } scale
            && nodes[product.Operands[0]] is ComputeNode { Op: OpCode.Sub } difference && row.IsRowConstant(difference.Operands[1]) && !row.IsRowConstant(difference.Operands[0])
            && !nodes.Any(n => NodeEmitter.Operands(n).Contains(sum.Node)) && kernel.Stages.Sum(s => s.Reductions.Count(r => r.Node == sum.Node) + s.Stores.Count(w => w.Node == sum.Node)) == 1
            ? new(difference.Operands[0], difference.Operands[1], scale.Value) : null;
    }

    /// <summary>The same, where m is known.</summary>
    public ShiftedPower At(KernelBuilder k, LlvmValue m)
    {
        var b = k.B;
        m = b.Splat(m, KernelBuilder.Lanes);
        LlvmValue scale = m.Type.Real(Scale), shift = b.FNeg(b.FMul(m, scale)), isHuge = b.Not(k.Is(LlvmRealPredicate.Olt, k.Abs(shift), Huge));
        return this with { _scale = b.Select(isHuge, m.Type.Real(1), scale), _shift = b.Select(isHuge, b.FNeg(m), shift), _rest = b.Select(isHuge, m.Type.Zero, k.MultiplyAdd(m, scale, shift)) };
    }

    /// <summary>2^(x · s − m · s) of sixteen x.</summary>
    public LlvmValue Emit(KernelBuilder k, LlvmValue x) => PowerOfTwo.Emit(k, k.MultiplyAdd(x, _scale, _shift));

    /// <summary>What sums of these powers are to be multiplied by.</summary>
    public LlvmValue Factor(KernelBuilder k) => k.B.ExtractElement(Exponential.Emit(k, k.B.FMul(_rest, _rest.Type.Real(-Math.Log(2)))), 0);
}
