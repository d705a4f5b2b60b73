namespace Unified;

public partial class Tensor
{
    private string DebuggerText => Mapping is null ? TensorFormatter.Summary(this) : $"one of {Mapping.All.Dims[0]} examples of {Mapping.All.DebuggerText}";

    /// <summary>The values as NumPy prints them; of more than 1000, the outer three of each axis.</summary>
    public override string ToString() => IsDisposed || Mapping is not null ? DebuggerText : TensorFormatter.Format(this);
}
