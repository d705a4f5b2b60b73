using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary><c>ValueAndGrad</c> and its kin: the body runs in place, and a node is left for the Differentiate pass.</summary>
internal static class GradientSteps
{
    private static readonly ImmutableDictionary<string, Func<Frame, DerivativeInstruction, Value>> Forms =
        new Dictionary<string, Func<Frame, DerivativeInstruction, Value>>(StringComparer.Ordinal)
        {
            ["vjp"] = Vjp,
            ["jvp"] = Jvp,
        }.ToImmutableDictionary(StringComparer.Ordinal);

    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<ValueAndGradInstruction>((f, i) => f[i.Result] = ValueAndGrad(f, i)),
        Step.Of<DerivativeInstruction>((f, i) => f[i.Result] = Forms[i.Form](f, i)),
    ];

    private static AggregateValue ValueAndGrad(Frame frame, ValueAndGradInstruction step)
    {
        var wrt = frame.Builder.Watch(Wrt(frame, step.Wrt, "ValueAndGrad"));
        var loss = frame.Tensor(Interpreter.Yield(frame, step.Body));
        if (loss.Shape.Any(d => !d.Is(1)) || !loss.DType.IsFloat())
        {
            throw frame.Fail($"ValueAndGrad: the function's result is {loss.Type}, not a single floating-point number; reduce it");
        }

        return Pair(frame.New(loss), List(frame, wrt.IsEmpty ? [] : frame.Builder.Gradient(frame.Builder.Reshape(loss, Shape.Scalar), wrt)));
    }

    private static AggregateValue Vjp(Frame frame, DerivativeInstruction step)
    {
        var cotangent = frame.Tensor(frame[step.Along]);
        var wrt = frame.Builder.Watch(Wrt(frame, step.Wrt, "Vjp"));
        var value = frame.Tensor(Interpreter.Yield(frame, step.Body));
        if (value.Type != cotangent.Type || !value.DType.IsFloat())
        {
            throw frame.Fail($"Vjp: the function's result is {value.Type}, its cotangent is {cotangent.Type}; both must be of one floating-point type");
        }

        // The gradient of <value, cotangent> is what arrives when the cotangent is sent back; the sum itself is not wanted.
        var along = frame.Builder.Sum(value * cotangent, Enumerable.Range(0, value.Type.Rank));
        return Pair(frame.New(value), List(frame, wrt.IsEmpty ? [] : frame.Builder.Gradient(along, wrt)));
    }

    private static AggregateValue Jvp(Frame frame, DerivativeInstruction step)
    {
        var values = Wrt(frame, step.Wrt, "Jvp");
        var tangents = Tensors(frame, step.Along);
        if (!values.Select(v => v.Type).SequenceEqual(tangents.Select(t => t.Type)))
        {
            throw frame.Fail(
                $"Jvp: the tensors are ({string.Join(", ", values.Select(v => v.Type))}), their tangents ({string.Join(", ", tangents.Select(t => t.Type))}); "
                + "give one tangent of the same type for each");
        }

        var watched = frame.Builder.Watch([.. values, .. tangents]);
        var value = frame.Tensor(Interpreter.Yield(frame, step.Body));
        if (!value.DType.IsFloat())
        {
            throw frame.Fail($"Jvp: the function's result is {value.Type}, which has no tangent; cast it to a floating-point dtype");
        }

        return Pair(frame.New(value), frame.New(frame.Builder.Tangent(value, [.. watched.Take(values.Length)], [.. watched.Skip(values.Length)])));
    }

    /// <summary>What is differentiated by. Taken before the body runs: derivatives are at the values that the body starts from.</summary>
    private static ImmutableArray<OpValue> Wrt(Frame frame, int register, string who)
    {
        var values = Tensors(frame, register);
        return values.FirstOrDefault(v => !v.DType.IsFloat()) is { } odd
            ? throw frame.Fail($"{who}: a tensor of type {odd.Type} has no gradient; cast it to a floating-point dtype")
            : values;
    }

    private static ImmutableArray<OpValue> Tensors(Frame frame, int register)
    {
        var value = frame[register];
        return [.. (frame.TryItems(value) ?? [value]).Select(frame.Tensor)];
    }

    private static AggregateValue Pair(Value first, Value second) => new([first, second]);

    private static AggregateValue List(Frame frame, ImmutableArray<OpValue> values) => new([.. values.Select(frame.New)]);
}
