using Unified.Ir;

namespace Unified;

/// <summary>Ops as methods of their first operand; see <see cref="Ops"/>.</summary>
public partial class Tensor
{
    [Op(OpCode.Reshape)]
    public Tensor Reshape(params ReadOnlySpan<int> shape) => Ops.Reshape(this, shape);

    [Op(OpCode.Transpose)]
    public Tensor Transpose(params ReadOnlySpan<int> permutation) => Ops.Transpose(this, permutation);

    [Op(OpCode.BroadcastTo)]
    public Tensor BroadcastTo(params ReadOnlySpan<int> shape) => Ops.BroadcastTo(this, shape);

    [Op(OpCode.Cast)]
    public Tensor Cast(DType dtype) => Ops.Cast(this, dtype);

    [Op(OpCode.Sum)]
    public Tensor Sum(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Sum(this, axes, keepDims);

    [Op(OpCode.Sum)]
    public Tensor Sum(int axes, bool keepDims = false) => Ops.Sum(this, axes, keepDims);

    [Op(OpCode.Mean)]
    public Tensor Mean(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Mean(this, axes, keepDims);

    [Op(OpCode.Mean)]
    public Tensor Mean(int axes, bool keepDims = false) => Ops.Mean(this, axes, keepDims);

    [Op(OpCode.ReduceMax)]
    public Tensor Max(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Max(this, axes, keepDims);

    [Op(OpCode.ReduceMax)]
    public Tensor Max(int axes, bool keepDims = false) => Ops.Max(this, axes, keepDims);

    [Op(OpCode.ReduceMin)]
    public Tensor Min(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Min(this, axes, keepDims);

    [Op(OpCode.ReduceMin)]
    public Tensor Min(int axes, bool keepDims = false) => Ops.Min(this, axes, keepDims);

    [Op(OpCode.ArgMax)]
    public Tensor ArgMax(int axis, bool keepDims = false) => Ops.ArgMax(this, axis, keepDims);

    [Op(OpCode.MatMul)]
    public Tensor MatMul(Tensor y, bool transposeA = false, bool transposeB = false) => Ops.MatMul(this, y, transposeA, transposeB);
}
