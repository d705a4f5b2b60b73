using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>A tensor while a rule runs.</summary>
internal sealed class EagerValue : OpValue
{
    internal EagerValue(EagerBuilder builder, Tensor tensor)
        : base(builder, tensor.Type) => Tensor = tensor;

    public Tensor Tensor { get; }
}

/// <summary>
/// Runs definitions and gradient rules op by op. What a rule makes and does not hand out with <see cref="Take"/> is freed when
/// the builder is disposed.
/// </summary>
[StackTraceHidden]
internal sealed class EagerBuilder : OpBuilder, IDisposable
{
    private readonly List<Tensor> _made = [];

    public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var tensors = new Tensor[operands.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            tensors[i] = ((EagerValue)operands[i]).Tensor;
        }

        var result = Eager.Run(op, tensors, attributes);
        _made.Add(result);
        return [new EagerValue(this, result)];
    }

    public EagerValue Wrap(Tensor tensor) => new(this, tensor);

    /// <summary>A handle on the value that outlives the builder.</summary>
    public Tensor Take(OpValue value)
    {
        var tensor = ((EagerValue)value).Tensor;
        return _made.Remove(tensor) ? tensor : tensor.Alias();
    }

    public void Dispose()
    {
        foreach (var tensor in _made)
        {
            tensor.Dispose();
        }

        _made.Clear();
    }
}
