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
            ["jacobian_forward"] = (f, i) => f.New(JacobianForward(f, i, "JacobianForward", f => f.Tensor(Interpreter.Yield(f, i.Body)))),
            ["jacobian_reverse"] = (f, i) => f.New(JacobianReverse(f, i)),
            ["hessian"] = Hessian,
        }.ToImmutableDictionary(StringComparer.Ordinal);

    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<ValueAndGradInstruction>((f, i) => f[i.Result] = ValueAndGrad(f, i)),
        Step.Of<DerivativeInstruction>((f, i) => f[i.Result] = Forms[i.Form](f, i)),
    ];

    private static AggregateValue ValueAndGrad(Frame frame, ValueAndGradInstruction step)
    {
        var wrt = frame.Builder.Watch(Wrt(frame, step.Wrt, "ValueAndGrad"));
        var value = frame.Tensor(Interpreter.Yield(frame, step.Body));
        var loss = Single(frame, value);
        return Pair(frame.New(value), List(frame, wrt.IsEmpty ? [] : frame.Builder.Gradient(loss, wrt)));
    }

    private static OpValue Loss(Frame frame, Block body) => Single(frame, frame.Tensor(Interpreter.Yield(frame, body)));

    private static OpValue Single(Frame frame, OpValue value) => value.Shape.All(d => d.Is(1)) && value.DType.IsFloat()
        ? frame.Builder.Reshape(value, Shape.Scalar)
        : throw frame.Fail($"ValueAndGrad: the function's result is {value.Type}, not a single floating-point number; reduce it");

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
        return Pair(frame.New(value), frame.New(frame.Builder.Tangent(Float(frame, value, "Jvp"), [.. watched.Take(values.Length)], [.. watched.Skip(values.Length)])));
    }

    // A tangent for each element of what is differentiated by: the unit vectors are the examples of a map.
    private static OpValue JacobianForward(Frame frame, DerivativeInstruction step, string who, Func<Frame, OpValue> run)
    {
        var wrt = Wrt(frame, step.Wrt, who)[0];
        var example = frame.Builder.Example(Basis(frame.Builder, wrt.Type), 0);
        var watched = frame.Builder.Watch([wrt, example]);
        var value = Float(frame, run(frame), who);
        var tangent = frame.Builder.Tangent(value, [watched[0]], [watched[1]]);
        var columns = frame.Builder.Examples([tangent], [example], wrt.Shape.Size, [value.Shape.Rank])[0];
        return frame.Builder.Reshape(columns, new Shape([.. value.Shape.Dims, .. wrt.Shape.Dims]));
    }

    private static OpValue JacobianReverse(Frame frame, DerivativeInstruction step)
    {
        var watched = frame.Builder.Watch(Wrt(frame, step.Wrt, "JacobianReverse"));
        var value = Float(frame, frame.Tensor(Interpreter.Yield(frame, step.Body)), "JacobianReverse");
        var example = frame.Builder.Example(Basis(frame.Builder, value.Type), 0);
        var along = frame.Builder.Sum(value * example, Enumerable.Range(0, value.Type.Rank));
        var gradient = frame.Builder.Gradient(along, watched)[0];
        var rows = frame.Builder.Examples([gradient], [example], value.Shape.Size, [0])[0];
        return frame.Builder.Reshape(rows, new Shape([.. value.Shape.Dims, .. watched[0].Shape.Dims]));
    }

    private static Value Hessian(Frame frame, DerivativeInstruction step) => frame.New(JacobianForward(frame, step, "Hessian", f =>
    {
        var watched = f.Builder.Watch(Wrt(f, step.Wrt, "Hessian"));
        return f.Builder.Gradient(Loss(f, step.Body), watched)[0];
    }));

    private static OpValue Float(Frame frame, OpValue value, string who) => value.DType.IsFloat() ? value
        : throw frame.Fail($"{who}: the function's result is {value.Type}, which has no tangent; cast it to a floating-point dtype");

    /// <summary>For each element of a type, the tensor with a one there.</summary>
    private static OpValue Basis(GraphBuilder builder, TensorType type)
    {
        var size = type.Shape.Size;
        var square = Shape.From(size, size);
        var ones = builder.Apply(OpCode.Equal, builder.Iota(square, 0, DType.I64), builder.Iota(square, 1, DType.I64));
        return builder.Reshape(builder.Cast(ones, type.DType), new Shape([size, .. type.Shape.Dims]));
    }

    /// <summary>What is differentiated by. Taken before the body runs: derivatives are at the values that the body starts from.</summary>
    public static ImmutableArray<OpValue> Wrt(Frame frame, int register, string who)
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
