using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>A function is run under the eyes of the tape, to be differentiated with respect to some tensors.</summary>
[StackTraceHidden]
internal sealed class Differentiation : IDisposable
{
    private readonly string _who;
    private readonly IReadOnlyList<Tensor> _wrt;
    private readonly List<Tensor> _watched = [];
    private readonly bool _isNested = Tape.IsRecording;
    private readonly long _begin = Tape.Now;
    private readonly Tape.Scope _scope;

    // Derivatives are at the values that the function starts from, whatever it writes to the tensors.
    private readonly GradSlot[] _slots;

    /// <exception cref="ShapeException">A tensor is not floating-point.</exception>
    public Differentiation(string who, IReadOnlyList<Tensor> wrt)
    {
        foreach (var tensor in wrt)
        {
            if (!tensor.DType.IsFloat())
            {
                throw new ShapeException($"{who}: a tensor of type {tensor.Type} has no gradient; cast it to a floating-point dtype");
            }
        }

        (_who, _wrt, _scope) = (who, wrt, Tape.Enter());
        foreach (var tensor in wrt)
        {
            if (tensor.Slot is null)
            {
                tensor.Slot = new GradSlot(null, tensor);
                _watched.Add(tensor);
            }
        }

        _slots = [.. wrt.Select(t => t.Slot!)];
    }

    /// <summary>The cotangents of the tensors, given that of the function's result.</summary>
    public Tensor[] Gradients(Tensor value, Tensor seed)
    {
        var found = new Dictionary<GradSlot, Tensor>(ReferenceEqualityComparer.Instance);
        if (value.Slot is { } slot)
        {
            found = new Backpropagation(slot, _slots, _begin).Run(slot, seed, _isNested, _begin);
        }

        var gradients = new Tensor[_wrt.Count];
        for (var i = 0; i < gradients.Length; i++)
        {
            gradients[i] = found.TryGetValue(_slots[i], out var gradient) ? gradient.Alias() : Tensor.Zeros(_wrt[i].Dims, _wrt[i].DType);
        }

        foreach (var gradient in found.Values)
        {
            gradient.Dispose();
        }

        Close(value);
        return gradients;
    }

    /// <summary>The tangent of the function's result, given those of the tensors.</summary>
    public Tensor Tangent(Tensor value, IReadOnlyList<Tensor> tangents)
    {
        var found = value.Slot is { } slot ? Pushforward.Run(slot, _slots.Zip(tangents), _isNested, _begin) : null;
        var tangent = found?.Alias() ?? Tensor.Zeros(value.Dims, value.DType);
        found?.Dispose();
        Close(value);
        return tangent;
    }

    public void Dispose()
    {
        foreach (var tensor in _watched)
        {
            tensor.Slot = tensor.RequiresGrad || tensor.Slot?.Leaf != tensor ? tensor.Slot : null;
        }

        _scope.Dispose();
        Tape.Forget();
    }

    /// <summary>The value, if it can be differentiated.</summary>
    /// <exception cref="ShapeException">It is not floating-point.</exception>
    public Tensor Float(Tensor value) => value.DType.IsFloat() ? value
        : throw new ShapeException($"{_who}: the function's result is {value.Type}, which has no tangent; cast it to a floating-point dtype");

    // The record is of no use after the outermost derivative.
    private void Close(Tensor value)
    {
        for (var made = value; made is not null && !_isNested; made = made.Mapping?.All)
        {
            if (made.Slot?.Node is { } node && node.Sequence > _begin)
            {
                made.Slot = null;
            }
        }
    }
}
