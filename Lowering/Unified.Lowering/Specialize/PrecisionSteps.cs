using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Mixed precision: blocks under a policy, and what the policy in force casts.</summary>
internal static class PrecisionSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<PrecisionInstruction>(Run)];

    /// <summary>The dtype that an op's floating-point operands are cast to; null: none.</summary>
    public static DType? Wanted(Frame frame, Op op, IEnumerable<DType> operands) =>
        frame.Session.Precision is { IsNone: false } policy ? policy.OperandType(op, operands.Aggregate(FloatTypes.None, (met, t) => met | PrecisionPolicy.Of(t))) : null;

    /// <summary>A value on its way into a tensor of another dtype.</summary>
    public static OpValue Stored(Frame frame, Value target, OpValue value) =>
        frame.TypeOf(target).DType is var dtype && frame.Session.Precision.CastsToStore(value.DType, dtype) ? frame.Builder.Cast(value, dtype) : value;

    private static Flow Run(Frame frame, PrecisionInstruction step)
    {
        var former = frame.Session.Precision;
        frame.Session.Precision = Policy(frame, [.. step.Policy.Select(r => frame.Object(frame[r], "MixedPrecision.Use"))]);
        try
        {
            return Interpreter.Run(frame, step.Body);
        }
        finally
        {
            frame.Session.Precision = former;
        }
    }

    private static PrecisionPolicy Policy(Frame frame, ImmutableArray<object?> given)
    {
        try
        {
            return given switch
            {
                [] => PrecisionPolicy.None,
                [PrecisionPolicy policy] => policy,
                [DType low] => new PrecisionPolicy(low, PrecisionLevel.O1),
                [DType low, PrecisionLevel level] => new PrecisionPolicy(low, level),
                _ => throw frame.Fail("MixedPrecision.Use: there is no policy", eager: true),
            };
        }
        catch (ArgumentException e)
        {
            // Run eagerly, it throws at the user's own line.
            throw new GraphCompileException(e.Message, frame.Source, e) { EagerIsPossible = true, IsOfThisCall = true };
        }
    }
}
