using Unified.Ir;

namespace Unified.Lowering.Tests.Specialize;

/// <summary>A state tensor without storage.</summary>
internal sealed class FakeTensor(string name, TensorType type) : ITensorHandle
{
    public FakeTensor(string name, params long[] shape)
        : this(name, new TensorType(DType.F32, Shape.Of(shape)))
    {
    }

    public string Name { get; } = name;

    public TensorType Type { get; } = type;

    public override string ToString() => Name;
}
