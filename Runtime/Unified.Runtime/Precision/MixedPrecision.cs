using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>
/// The policy of mixed precision in force on this thread: which ops of the user's code compute in a short floating-point dtype, and which in f32.
/// Eager ops cast their operands as it says; a static graph is compiled for the policy it is first called under, and again for another one.
/// Parameters keep their dtype, and so do their gradients.
/// </summary>
[StackTraceHidden]
public static class MixedPrecision
{
    [ThreadStatic]
    private static PrecisionPolicy? t_policy;

    /// <summary>What is in force. A static graph cannot ask: the policy decides what it is compiled to, and blocks of it may have their own.</summary>
    [Intrinsic("precision")]
    public static PrecisionPolicy Policy => t_policy ?? PrecisionPolicy.None;

    /// <summary>Null where there is nothing to do, so that most ops ask no more than this.</summary>
    internal static PrecisionPolicy? Active => t_policy;

    /// <summary>
    /// Computes in <paramref name="low"/> what may be, on this thread until the returned scope is disposed. In a static graph it stands in a
    /// <c>using</c> statement or declaration.
    /// </summary>
    /// <param name="low">bf16 or f16; f16 wants a loss scale.</param>
    /// <exception cref="ArgumentException">Another dtype.</exception>
    [Intrinsic("precision")]
    public static PrecisionScope Use(DType low, PrecisionLevel level = PrecisionLevel.O1) => Use(new PrecisionPolicy(low, level));

    /// <summary>Sets the policy on this thread until the returned scope is disposed.</summary>
    [Intrinsic("precision")]
    public static PrecisionScope Use(PrecisionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var scope = new PrecisionScope(t_policy);
        t_policy = policy.IsNone ? null : policy;
        return scope;
    }

    /// <summary>Nothing is cast until the returned scope is disposed: for a part of a model that needs its digits.</summary>
    [Intrinsic("precision")]
    public static PrecisionScope Off() => Use(PrecisionPolicy.None);

    /// <summary>The operands as the policy wants them; those that are cast are to be disposed by the caller.</summary>
    internal static Tensor[]? Cast(PrecisionPolicy policy, Op op, ReadOnlySpan<Tensor> operands)
    {
        var met = FloatTypes.None;
        foreach (var operand in operands)
        {
            met |= PrecisionPolicy.Of(operand.DType);
        }

        if (policy.OperandType(op, met) is not { } wanted || met == PrecisionPolicy.Of(wanted))
        {
            return null;
        }

        var cast = operands.ToArray();
        for (var i = 0; i < cast.Length; i++)
        {
            if (cast[i].DType.IsFloat() && cast[i].DType != wanted)
            {
                cast[i] = Eager.Run(OpTable.Get(OpCode.Cast), [cast[i]], Attributes.Empty.With("dtype", wanted));
            }
        }

        return cast;
    }

    /// <summary>Restores the former policy when disposed.</summary>
    public readonly struct PrecisionScope : IDisposable
    {
        private readonly PrecisionPolicy? _former;

        internal PrecisionScope(PrecisionPolicy? former) => _former = former;

        public void Dispose() => t_policy = _former;
    }
}
