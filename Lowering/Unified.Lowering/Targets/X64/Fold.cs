using Unified.Ir;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns a reduction into its neutral element, its step, and its end across the lanes of a vector, always in the same order.</summary>
internal sealed record Fold(OpCode Op, DType Type)
{
    // Of an extremum's operands the first is asked whether it is NaN: asking what was loaded is no link of the chain from step to step.
    private static readonly Dictionary<OpCode, Func<KernelBuilder, DType, LlvmValue, LlvmValue, LlvmValue>> s_steps = new()
    {
        [OpCode.Sum] = (k, t, a, x) => t.IsFloat() ? k.B.FAdd(a, x) : k.B.Add(a, x),
        [OpCode.ReduceMax] = (k, t, a, x) => Elementwise.Find(OpCode.Maximum, t).Emit(k, [x, a], t),
        [OpCode.ReduceMin] = (k, t, a, x) => Elementwise.Find(OpCode.Minimum, t).Emit(k, [x, a], t),
    };

    /// <summary>Whether an extremum may pass NaN over, because something else tells of it.</summary>
    public bool IsNaNCaught { get; init; }

    /// <summary>Whether its steps pass NaN over.</summary>
    public bool PassesNaN(KernelBuilder k) => IsNaNCaught || FindsNaNApart(k);

    public LlvmType ValueType(KernelBuilder k) => Numbers.Value(k.Context, Type);

    /// <summary>The neutral element in every lane.</summary>
    /// <exception cref="NotSupportedException">There is no such reduction of this type.</exception>
    public LlvmValue Identity(KernelBuilder k)
    {
        if (!s_steps.ContainsKey(Op) || (Op == OpCode.Sum && Type == DType.Bool))
        {
            throw new NotSupportedException($"x86-64 has no code for the reduction '{Op}' of {Type.Text()}; cast to a numeric type first");
        }

        var type = ValueType(k).Vector(KernelBuilder.Lanes);
        return Op switch
        {
            OpCode.Sum => type.Zero,
            OpCode.ReduceMax => Least(type, OpCode.ReduceMax),
            _ => Least(type, OpCode.ReduceMin),
        };
    }

    /// <summary>Whether an extremum's NaN are cheaper found apart, two vectors at a time, than in each step: where comparing leaves a mask in a register of its own.</summary>
    public bool FindsNaNApart(KernelBuilder k) => !IsNaNCaught && Op != OpCode.Sum && Type.IsFloat() && k.HasAvx512;

    public LlvmValue Step(KernelBuilder k, LlvmValue accumulator, LlvmValue x) => s_steps[Op](k, Type, accumulator, x);

    /// <summary>One step of an extremum that passes NaN over: one instruction.</summary>
    public LlvmValue StepOverNaN(KernelBuilder k, LlvmValue accumulator, LlvmValue x) =>
        k.B.Select(k.B.FCmp(Op == OpCode.ReduceMax ? LlvmRealPredicate.Ogt : LlvmRealPredicate.Olt, x, accumulator), x, accumulator);

    /// <summary>What is folded of a vector of which only some lanes exist.</summary>
    public LlvmValue Masked(KernelBuilder k, LlvmValue x, LlvmValue? mask) => mask is { } m ? k.B.Select(m, x, Identity(k)) : x;

    /// <summary>Halves meet until one lane is left.</summary>
    public LlvmValue Across(KernelBuilder k, LlvmValue vector) => Across(k, vector, Step);

    /// <inheritdoc cref="Across(KernelBuilder, LlvmValue)"/>
    public LlvmValue Across(KernelBuilder k, LlvmValue vector, Func<KernelBuilder, LlvmValue, LlvmValue, LlvmValue> step)
    {
        for (var width = KernelBuilder.Lanes / 2; width >= 1; width /= 2)
        {
            vector = step(k, Half(k.B, vector, 0, width), Half(k.B, vector, width, width));
        }

        return k.B.ExtractElement(vector, 0);
    }

    private static LlvmValue Half(LlvmBuilder b, LlvmValue vector, int from, int count) =>
        b.Permute(vector, [.. Enumerable.Range(from, count)]);

    private LlvmValue Least(LlvmType type, OpCode op)
    {
        var max = op == OpCode.ReduceMax;
        if (Type.IsFloat())
        {
            return type.Real(max ? double.NegativeInfinity : double.PositiveInfinity);
        }

        if (Numbers.IsUnsigned(Type))
        {
            return max ? type.Zero : type.AllOnes;
        }

        var bits = (8 * Type.Bytes()) - 1;
        return type.Int(max ? long.MinValue >> (63 - bits) : long.MaxValue >> (63 - bits));
    }
}
