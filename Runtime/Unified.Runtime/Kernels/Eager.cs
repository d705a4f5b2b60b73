using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>Runs an op on tensors at once: kernel or definition, errors from the op's rule, and a record on the tape.</summary>
[StackTraceHidden]
internal static class Eager
{
    public static Tensor Apply(OpCode code, Tensor x) => Apply(OpTable.Get(code), [x], Attributes.Empty);

    public static Tensor Apply(OpCode code, Tensor x, Tensor y) => Apply(OpTable.Get(code), [x, y], Attributes.Empty);

    public static Tensor Apply(OpCode code, Tensor x, double y)
    {
        using var scalar = Tensor.ScalarOf(NumberType(code, x), y);
        return Apply(OpTable.Get(code), [x, scalar], Attributes.Empty);
    }

    public static Tensor Apply(OpCode code, double x, Tensor y)
    {
        using var scalar = Tensor.ScalarOf(NumberType(code, y), x);
        return Apply(OpTable.Get(code), [scalar, y], Attributes.Empty);
    }

    public static Tensor Apply(OpCode code, Attributes attributes, params ReadOnlySpan<Tensor> operands) =>
        Apply(OpTable.Get(code), operands, attributes);

    /// <summary>An op of the user's code: its operands are cast as the policy of mixed precision says.</summary>
    public static Tensor Apply(Op op, ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        if (MixedPrecision.Active is not { } policy || MixedPrecision.Cast(policy, op, operands) is not { } cast)
        {
            return Run(op, operands, attributes);
        }

        var result = Run(op, cast, attributes);
        for (var i = 0; i < cast.Length; i++)
        {
            if (!ReferenceEquals(cast[i], operands[i]))
            {
                cast[i].Dispose();
            }
        }

        return result;
    }

    /// <summary>An op on the operands as they are: what definitions, gradients and records are made of.</summary>
    public static Tensor Run(Op op, ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        if (!op.Attributes.IsEmpty)
        {
            attributes = Complete(op, attributes);
        }

        var records = Tape.Records(op, operands);
        if (records && op.Gradient is null)
        {
            // No rule of its own: the definition's ops are recorded instead.
            Check(op, operands, ref attributes);
            return op.Definition is null
                ? throw new NotSupportedException($"{op.Name} has no gradient; use StopGradient on its operands")
                : Define(op, operands, attributes);
        }

        Tensor? result;
        if (IsMapped(operands))
        {
            Check(op, operands, ref attributes);
            result = MapScope.Apply(op, operands, attributes);
        }
        else
        {
            result = RoundingNoise.HidesKernel(op) ? null : KernelTable.Find(op.Code)?.Invoke(operands, attributes);
        }

        if (result is null)
        {
            Check(op, operands, ref attributes);
            if (op.Definition is null)
            {
                throw new NotSupportedException(
                    $"{op.Name} is not available for {string.Join(", ", operands.ToArray().Select(o => o.DType.Text()))} on the CPU; cast to f32");
            }

            using (Tape.Pause())
            {
                result = Define(op, operands, attributes);
            }
        }

        RoundingNoise.Active?.Disturb(op, result, operands);
        if (records)
        {
            Tape.Record(op, operands, result, attributes);
        }

        foreach (var operand in operands)
        {
            // Kernels work on pointers; the memory must outlive them.
            GC.KeepAlive(operand);
        }

        return result;
    }

    // A number meets a tensor as the op will see it, so that it is not rounded to a dtype that is only passed through.
    private static DType NumberType(OpCode code, Tensor x) =>
        MixedPrecision.Active is { } policy && policy.OperandType(OpTable.Get(code), PrecisionPolicy.Of(x.DType)) is { } wanted ? wanted : x.DType;

    private static bool IsMapped(ReadOnlySpan<Tensor> operands)
    {
        foreach (var operand in operands)
        {
            if (operand.Mapping is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Throws what the op's rule has to say about the call.</summary>
    private static void Check(Op op, ReadOnlySpan<Tensor> operands, ref Attributes attributes)
    {
        var types = ImmutableArray.CreateBuilder<TensorType>(operands.Length);
        foreach (var operand in operands)
        {
            types.Add(operand.Type);
        }

        var given = attributes;
        attributes = Anew(() =>
        {
            op.InferTypes(types.MoveToImmutable(), ref given);
            return given;
        });
    }

    private static Attributes Complete(Op op, Attributes attributes) => Anew(() => op.Complete(attributes));

    private static Tensor Define(Op op, ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        using var builder = new EagerBuilder();
        var values = ImmutableArray.CreateBuilder<OpValue>(operands.Length);
        foreach (var operand in operands)
        {
            values.Add(builder.Wrap(operand));
        }

        return builder.Take(Anew(() => op.Definition!(builder, values.MoveToImmutable(), attributes))[0]);
    }

    /// <summary>Runs a rule; what it throws is thrown again from here, so that the trace begins in the user's code.</summary>
    internal static T Anew<T>(Func<T> rule)
    {
        Exception failure;
        try
        {
            return rule();
        }
        catch (Exception e)
        {
            failure = e;
        }

        throw failure;
    }
}
