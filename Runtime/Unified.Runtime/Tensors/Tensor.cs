using Unified.Ir;

namespace Unified;

/// <summary>An n-dimensional array.</summary>
public partial class Tensor : ITensorHandle
{
    internal Tensor(TensorType type) => Type = type;

    public TensorType Type { get; }
}
