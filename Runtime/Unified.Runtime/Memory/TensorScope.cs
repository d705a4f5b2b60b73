using System.Runtime.CompilerServices;

namespace Unified;

/// <summary>
/// Disposes, when it ends, the tensors that were made on this thread since it began, except those kept. For loops that
/// run at a fixed memory size. Tensors that nothing refers to may be freed before. Scopes nest; a tensor belongs to the innermost one.
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic]
    private static TensorScope? s_current;

    private readonly TensorScope? _outer;
    private readonly HashSet<Tensor> _tensors = new(ReferenceEqualityComparer.Instance);
    private bool _ended;

    public TensorScope()
    {
        _outer = s_current;
        s_current = this;
    }

    /// <summary>Hands the tensor to the enclosing scope, or to the caller where there is none.</summary>
    public T Keep<T>(T tensor)
        where T : Tensor
    {
        if (_tensors.Remove(tensor))
        {
            _outer?._tensors.Add(tensor);
        }

        return tensor;
    }

    public void Dispose()
    {
        if (_ended)
        {
            return;
        }

        if (s_current != this)
        {
            throw new InvalidOperationException("a TensorScope ends on the thread it began on, innermost first");
        }

        _ended = true;
        s_current = _outer;
        foreach (var tensor in _tensors.ToArray())
        {
            tensor.Dispose();
        }
    }

    /// <summary>
    /// Has dropped tensors collected: meanwhile no scope of this thread holds a tensor that nothing else refers to. What is collected so need not be disposed.
    /// </summary>
    internal static void WithoutHolding(Action collect)
    {
        var held = Loosen();
        collect();
        foreach (var (scope, tensors) in held)
        {
            foreach (var weak in tensors)
            {
                if (weak.TryGetTarget(out var tensor))
                {
                    scope._tensors.Add(tensor);
                }
            }
        }
    }

    // A method of its own, so that no frame below the collection refers to a tensor.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<(TensorScope Scope, WeakReference<Tensor>[] Tensors)> Loosen()
    {
        var held = new List<(TensorScope, WeakReference<Tensor>[])>();
        for (var scope = s_current; scope is not null; scope = scope._outer)
        {
            held.Add((scope, [.. scope._tensors.Select(t => new WeakReference<Tensor>(t))]));
            scope._tensors.Clear();
        }

        return held;
    }

    internal static void Register(Tensor tensor) => s_current?._tensors.Add(tensor);

    /// <summary>No scope disposes the tensor any more.</summary>
    internal static void Forget(Tensor tensor) => s_current?._tensors.Remove(tensor);
}
