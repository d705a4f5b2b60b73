using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary><c>CustomGradient</c>: the function runs in place and is cut off; the way back becomes a graph of its own.</summary>
internal static class CustomGradientSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<CustomGradientInstruction>((f, i) => f[i.Result] = new TensorValue(CustomGradient(f, i)))];

    private static OpValue CustomGradient(Frame frame, CustomGradientInstruction step)
    {
        var wrt = GradientSteps.Wrt(frame, step.Wrt, "CustomGradient");
        var value = frame.Tensor(Interpreter.Yield(frame, step.Body));
        if (!value.DType.IsFloat())
        {
            throw frame.Fail($"CustomGradient: the function's result is {value.Type}, which has no gradient; cast it to a floating-point dtype");
        }

        var before = frame.Save();
        var outer = frame.Examples;
        var region = frame.Enter("custom_gradient");
        frame.Examples = [region.Builder.Input("cotangent", value.Type, InputKind.Argument)];
        var yielded = Interpreter.Yield(frame, step.Backward);
        ImmutableArray<OpValue> gradients = [.. (frame.TryItems(yielded) ?? [yielded]).Select(frame.Tensor)];
        if (!gradients.Select(g => g.Type).SequenceEqual(wrt.Select(w => w.Type)))
        {
            throw frame.Fail(Mismatch(gradients.Select(g => g.Type), wrt.Select(w => w.Type)), eager: true);
        }

        if (frame.Places.Any(p => before.Places.TryGetValue(p.Key, out var held) ? !ReferenceEquals(held.Item1, p.Current) : p.IsWritten)
            || !frame.ReboundFields.SequenceEqual(before.Rebound))
        {
            throw frame.Fail("CustomGradient: the way back changes state; let it compute only", eager: true);
        }

        foreach (var gradient in gradients)
        {
            region.Builder.Output(gradient, OutputKind.Result);
        }

        frame.Leave();
        frame.Examples = outer;
        var callee = frame.Session.Graphs.Share(region.Builder.Build());
        var constant = frame.Builder.Apply(OpCode.StopGradient, value);
        return frame.Builder.CustomGradient(callee, constant, wrt, [.. region.Taken]);
    }

    private static string Mismatch(IEnumerable<TensorType> gradients, IEnumerable<TensorType> wrt) =>
        $"CustomGradient: the gradients are ({string.Join(", ", gradients)}), for tensors ({string.Join(", ", wrt)}); give one of the same type for each";
}
