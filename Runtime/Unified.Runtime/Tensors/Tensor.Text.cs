namespace Unified;

public partial class Tensor
{
    private string DebuggerText => TensorFormatter.Summary(this);

    /// <summary>The values as NumPy prints them; of more than 1000, the outer three of each axis.</summary>
    public override string ToString() => IsDisposed ? TensorFormatter.Summary(this) : TensorFormatter.Format(this);
}
