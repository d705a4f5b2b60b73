namespace Unified;

/// <summary>A tensor that training changes: <see cref="Tensor.RequiresGrad"/> is true from the start.</summary>
public sealed class Parameter : Tensor
{
    /// <summary>A copy of <paramref name="value"/>. No <see cref="TensorScope"/> disposes it.</summary>
    public Parameter(Tensor value)
        : base(value)
    {
        RequiresGrad = true;
        TensorScope.Forget(this);
    }
}
