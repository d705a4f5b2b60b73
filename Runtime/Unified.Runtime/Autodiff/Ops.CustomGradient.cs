using Unified.Ir;

namespace Unified;

/// <summary>Gradients that the user states.</summary>
public static partial class Ops
{
    /// <summary>
    /// The result of <paramref name="f"/>, whose gradients <paramref name="backward"/> gives: from the cotangent of the result to one of the
    /// same type for each of <paramref name="wrt"/>. Nothing else flows back through <paramref name="f"/>. What <paramref name="backward"/>
    /// reads from around it may be differentiated again. It has no forward mode.
    /// </summary>
    /// <exception cref="ShapeException">The result or a tensor is not floating-point, or a gradient is not of its tensor's type.</exception>
    [Intrinsic("custom_gradient")]
    public static Tensor CustomGradient(Func<Tensor> f, IReadOnlyList<Tensor> wrt, Func<Tensor, IReadOnlyList<Tensor>> backward)
    {
        if (wrt.FirstOrDefault(w => !w.DType.IsFloat()) is { } odd)
        {
            throw new ShapeException($"CustomGradient: a tensor of type {odd.Type} has no gradient; cast it to a floating-point dtype");
        }

        var value = StopGradient(f());
        if (!value.DType.IsFloat())
        {
            throw new ShapeException($"CustomGradient: the function's result is {value.Type}, which has no gradient; cast it to a floating-point dtype");
        }

        value = MapScope.Cover(value, wrt);
        var policy = MixedPrecision.Policy;
        Record(wrt, value, Back);
        return value;

        // The way back is the user's code, and stands under the policy that it is written under.
        IReadOnlyList<Tensor> Back(Tensor cotangent)
        {
            using var precision = MixedPrecision.Use(policy);
            var gradients = backward(cotangent);
            return gradients.Select(g => g.Type).SequenceEqual(wrt.Select(w => w.Type)) ? gradients : throw new ShapeException(
                $"CustomGradient: the gradients are ({string.Join(", ", gradients.Select(g => g.Type))}), for tensors ({string.Join(", ", wrt.Select(w => w.Type))}); give one of the same type for each");
        }
    }

    /// <summary>
    /// The tensor itself; the gradient that arrives at it goes through <paramref name="hook"/>, which gives one of the same type: clipped,
    /// scaled, or zero. Like <see cref="CustomGradient"/>.
    /// </summary>
    /// <exception cref="ShapeException">The tensor is not floating-point, or the gradient is not of its type.</exception>
    [Intrinsic("gradient_hook")]
    public static Tensor OnGradient(Tensor x, Func<Tensor, Tensor> hook) => CustomGradient(() => x, [x], dy => [hook(dy)]);

    /// <summary>
    /// The result of <paramref name="f"/>; what is computed on the way to it is not kept for the way back, but computed again then, from the
    /// same random state. Saves memory for the time of one more forward pass. It has no forward mode.
    /// </summary>
    [Intrinsic("checkpoint")]
    public static Tensor Checkpoint(Func<Tensor> f)
    {
        var begin = Tape.Now;
        var value = f();
        if (value.Slot is not { Node: { } node } slot || node.Sequence <= begin)
        {
            return value;
        }

        var replay = new Replay(slot, begin);
        var result = MapScope.Cover(StopGradient(value), replay.Leaves);
        Record(replay.Leaves, result, dy => Vjp(replay.Run, replay.Leaves, dy).Cotangents);
        return result;
    }

    private static void Record(IReadOnlyList<Tensor> wrt, Tensor value, Func<Tensor, IReadOnlyList<Tensor>> backward)
    {
        if (Tape.Records(wrt))
        {
            Tape.Record(OpTable.Get(OpCode.CustomGradient), [.. wrt], value, Attributes.Empty, backward);
        }

        // Outside of a map its examples are one tensor: the way back is mapped, too.
        if (value.Mapping is { } mapping)
        {
            Record([.. wrt.Select(mapping.Scope.All)], mapping.All, cotangent => mapping.Scope.MapBack(backward, cotangent, wrt));
        }
    }
}
