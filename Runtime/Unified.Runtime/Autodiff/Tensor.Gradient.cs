using Unified.Ir;

namespace Unified;

public partial class Tensor
{
    private bool _requiresGrad;

    /// <summary>
    /// <see cref="Backward"/> of what is computed from this tensor adds to <see cref="Grad"/>. Only for floating-point tensors that
    /// are not themselves computed from such.
    /// </summary>
    public bool RequiresGrad
    {
        get => _requiresGrad;
        set
        {
            if (value && !DType.IsFloat())
            {
                throw new InvalidOperationException($"a {DType.Text()} tensor has no gradient; cast it to a floating-point dtype");
            }

            if (value && Slot?.Node is { } node)
            {
                throw new InvalidOperationException($"the tensor is the result of {node.Op.Name}; RequiresGrad is for tensors that nothing was computed into (use Clone())");
            }

            _requiresGrad = value;
            Slot = value ? Slot ?? new GradSlot(null, this) : null;
        }
    }

    /// <summary>The sum of all gradients since it was last cleared; null before the first.</summary>
    public Tensor? Grad { get; set; }

    /// <summary>Where a gradient with respect to this tensor arrives; null when none is wanted.</summary>
    internal GradSlot? Slot { get; set; }

    /// <summary>Clears <see cref="Grad"/> and frees its memory.</summary>
    public void ZeroGrad()
    {
        Grad?.Dispose();
        Grad = null;
    }

    /// <summary>
    /// Adds the gradient of this tensor to <see cref="Grad"/> of every tensor that requires one and that it was computed from.
    /// </summary>
    /// <param name="seed">The gradient to begin with, of this tensor's type; without one, the tensor must have a single element.</param>
    /// <param name="keepRecord">Keep the record, to go back once more; else it is freed on the way.</param>
    /// <param name="createGraph">Record the gradients' own computation, so that they can be differentiated.</param>
    /// <exception cref="InvalidOperationException">Nothing this tensor was computed from requires a gradient.</exception>
    public void Backward(Tensor? seed = null, bool keepRecord = false, bool createGraph = false)
    {
        if (Slot is not { } slot)
        {
            throw new InvalidOperationException(
                "Backward: nothing this tensor was computed from requires a gradient, or it came from a compiled graph or a NoGrad scope. "
                + "Set RequiresGrad, or use ValueAndGrad, which works in both modes");
        }

        if (seed is null ? Size != 1 : seed.DType != DType || seed.Shape != Shape)
        {
            throw new ShapeException(seed is null
                ? $"Backward: the tensor is {Type}, not a single number; reduce it, or pass the gradient to begin with"
                : $"Backward: the tensor is {Type}, the gradient to begin with is {seed.Type}");
        }

        using var one = seed is null ? Filled(_dims, 1, DType) : seed.Alias();
        var run = new Backpropagation(slot, null);
        var cotangents = run.Run(slot, one, createGraph, keepRecord ? long.MaxValue : long.MinValue);
        foreach (var target in run.Targets)
        {
            if (cotangents.TryGetValue(target, out var cotangent))
            {
                target.Leaf!.Accumulate(cotangent, createGraph);
            }
        }
    }

    /// <summary>A handle for the tape and for gradients: no scope disposes it.</summary>
    internal Tensor Saved()
    {
        var alias = Alias();
        TensorScope.Forget(alias);
        for (var all = alias.Mapping?.All; all is not null; all = all.Mapping?.All)
        {
            TensorScope.Forget(all);
        }

        return alias;
    }

    private void Accumulate(Tensor cotangent, bool record)
    {
        if (Grad is null)
        {
            Grad = cotangent;
            return;
        }

        using (record ? default(IDisposable) : Tape.Pause())
        {
            var sum = Grad + cotangent;
            if (record)
            {
                TensorScope.Forget(sum);
                Grad = sum;
                return;
            }

            Grad.Assign(sum);
            sum.Dispose();
            cotangent.Dispose();
        }
    }

    private void ForgetHistory() => Slot = _requiresGrad ? Slot : null;
}
