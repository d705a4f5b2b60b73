using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary><c>ValueAndGrad</c>: its body runs in place, and a gradient node is left for the Differentiate pass.</summary>
internal static class GradientSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<ValueAndGradInstruction>((f, i) => f[i.Result] = ValueAndGrad(f, i))];

    private static AggregateValue ValueAndGrad(Frame frame, ValueAndGradInstruction step)
    {
        var wrt = frame[step.Wrt];
        var targets = frame.TryItems(wrt) ?? [wrt];

        // Taken before the body runs: gradients are at the values that the body starts from.
        var values = targets.Select(frame.Tensor).ToImmutableArray();
        if (values.FirstOrDefault(v => !v.DType.IsFloat()) is { } odd)
        {
            throw frame.Fail($"ValueAndGrad: gradients are for floating-point tensors, not {odd.Type}");
        }

        var loss = frame.Tensor(Interpreter.Yield(frame, step.Body));
        if (loss.Type.Rank != 0 || !loss.DType.IsFloat())
        {
            throw frame.Fail($"ValueAndGrad: the loss must be a floating-point scalar, not {loss.Type}; reduce it, for example by Mean");
        }

        var gradients = values.IsEmpty ? [] : frame.Builder.Gradient(loss, values);
        return new AggregateValue([frame.New(loss), new AggregateValue([.. gradients.Select(frame.New)])]);
    }
}
