using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>What a debugger shows of a tensor when it is opened.</summary>
internal sealed class TensorDebugView(Tensor tensor)
{
    public DType DType => tensor.DType;

    public string Shape => tensor.Shape.ToString();

    public string Values => tensor.IsDisposed ? "(disposed)" : TensorFormatter.Format(tensor);

    public string Layout => $"strides [{string.Join(",", tensor.Strides)}], offset {tensor.Offset}{(tensor.IsDense ? ", dense" : "")}";

    /// <summary>The slices along the first axis, as far as one looks at them.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.RootHidden)]
    public string[] Rows => tensor.IsDisposed || tensor.Rank < 1 ? [] : [.. Enumerable.Range(0, Math.Min(tensor.Dims[0], 100)).Select(Row)];

    public bool RequiresGrad => tensor.RequiresGrad;

    public Tensor? Grad => tensor.Grad;

    public string? MadeBy => tensor.Slot?.Node?.Op.Name;

    private string Row(int index)
    {
        using var row = ViewKernels.Permute(tensor, [.. Enumerable.Range(0, tensor.Rank)]);
        using var slice = new Tensor(row, row.Dims[1..], row.Strides[1..], row.Offset + (index * row.Strides[0]));
        return TensorFormatter.Summary(slice);
    }
}
