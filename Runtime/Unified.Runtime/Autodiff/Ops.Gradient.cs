using Unified.Ir;

namespace Unified;

/// <summary>Differentiation of functions.</summary>
public static partial class Ops
{
    /// <summary>
    /// Runs <paramref name="f"/> and differentiates its result, one number, with respect to tensors it uses. Gradients have the
    /// tensors' types and order; zeros where the result does not depend on a tensor. Calls nest, for higher derivatives.
    /// </summary>
    /// <exception cref="ShapeException">The result is not a single floating-point number, or a tensor is not floating-point.</exception>
    [Intrinsic("value_and_grad")]
    public static (Tensor Value, IReadOnlyList<Tensor> Gradients) ValueAndGrad(Func<Tensor> f, IReadOnlyList<Tensor> wrt)
    {
        foreach (var tensor in wrt)
        {
            if (!tensor.DType.IsFloat())
            {
                throw new ShapeException($"ValueAndGrad: a tensor of type {tensor.Type} has no gradient; cast it to a floating-point dtype");
            }
        }

        var watched = new List<Tensor>();
        var isNested = Tape.IsRecording;
        var begin = Tape.Now;
        try
        {
            using var scope = Tape.Enter();
            foreach (var tensor in wrt)
            {
                if (tensor.Slot is null)
                {
                    tensor.Slot = new GradSlot(null, tensor);
                    watched.Add(tensor);
                }
            }

            // Gradients are at the values that the function starts from, whatever it writes to the tensors.
            var targets = wrt.Select(t => t.Slot!).ToArray();
            var value = f();
            if (value.Size != 1 || !value.DType.IsFloat())
            {
                throw new ShapeException($"ValueAndGrad: the function's result is {value.Type}, not a single floating-point number; reduce it");
            }

            var gradients = Gradients(value, wrt, targets, isNested, begin);
            if (!isNested && value.Slot?.Node is not null)
            {
                // Its record is gone.
                value.Slot = null;
            }

            return (value, gradients);
        }
        finally
        {
            foreach (var tensor in watched)
            {
                tensor.Slot = tensor.RequiresGrad || tensor.Slot?.Leaf != tensor ? tensor.Slot : null;
            }

            Tape.Forget();
        }
    }

    /// <summary>The gradients of <see cref="ValueAndGrad"/>.</summary>
    public static IReadOnlyList<Tensor> Grad(Func<Tensor> f, IReadOnlyList<Tensor> wrt) => ValueAndGrad(f, wrt).Gradients;

    /// <summary>Nothing is recorded on this thread until the returned scope is disposed.</summary>
    public static NoGradScope NoGrad() => new(Tape.Pause());

    private static Tensor[] Gradients(Tensor value, IReadOnlyList<Tensor> wrt, GradSlot[] targets, bool record, long begin)
    {
        var found = new Dictionary<GradSlot, Tensor>(ReferenceEqualityComparer.Instance);
        if (value.Slot is { } slot)
        {
            using var one = Tensor.Filled(value.Dims, 1, value.DType);
            found = new Backpropagation(slot, targets).Run(slot, one, record, begin);
        }

        var gradients = new Tensor[wrt.Count];
        for (var i = 0; i < gradients.Length; i++)
        {
            gradients[i] = found.TryGetValue(targets[i], out var gradient) ? gradient.Alias() : Tensor.Zeros(wrt[i].Dims, wrt[i].DType);
        }

        foreach (var gradient in found.Values)
        {
            gradient.Dispose();
        }

        return gradients;
    }
}

/// <summary>See <see cref="Ops.NoGrad"/>.</summary>
public readonly struct NoGradScope : IDisposable
{
    private readonly Tape.Scope _scope;

    internal NoGradScope(Tape.Scope scope) => _scope = scope;

    public void Dispose() => _scope.Dispose();
}
