namespace Unified;

/// <summary>
/// Disposes, when it ends, the tensors that were made on this thread since it began, except those kept. For loops that
/// run at a fixed memory size. Scopes nest; a tensor belongs to the innermost one.
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

    internal static void Register(Tensor tensor) => s_current?._tensors.Add(tensor);

    /// <summary>No scope disposes the tensor any more.</summary>
    internal static void Forget(Tensor tensor) => s_current?._tensors.Remove(tensor);
}
