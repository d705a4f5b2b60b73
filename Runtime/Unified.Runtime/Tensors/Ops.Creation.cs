using Unified.Ir;

namespace Unified;

/// <summary>Tensors from nothing, and random numbers.</summary>
public static partial class Ops
{
    /// <summary>A rank-0 tensor.</summary>
    [Op(OpCode.Constant)]
    public static Tensor Constant(double value, DType dtype = DType.F32) =>
        Eager.Apply(OpCode.Constant, Attributes.Empty.With("value", value).With("dtype", dtype));

    [Op(OpCode.Full)]
    public static Tensor Full(ReadOnlySpan<int> shape, double value, DType dtype = DType.F32) =>
        Eager.Apply(OpCode.Full, Attributes.Empty.With("shape", shape.ToArray()).With("value", value).With("dtype", dtype));

    /// <summary>0, 1, 2, … along <paramref name="axis"/>, the same along the others.</summary>
    [Op(OpCode.Iota)]
    public static Tensor Iota(ReadOnlySpan<int> shape, int axis = 0, DType dtype = DType.I64) =>
        Eager.Apply(OpCode.Iota, Attributes.Empty.With("shape", shape.ToArray()).With("axis", (long)axis).With("dtype", dtype));

    /// <summary>A size as a rank-0 i64 tensor.</summary>
    [Op(OpCode.DimSize)]
    public static Tensor DimSize(int dim) => Eager.Apply(OpCode.DimSize, Attributes.Empty.With("dim", (long)dim));

    /// <summary>
    /// Uniform in [0,1). <paramref name="state"/> is i64[2]: seed and offset. Element i is word (i mod 4) of the Philox4x32-10
    /// block with the seed as key and (offset + i/4) as counter.
    /// </summary>
    [Op(OpCode.RandomUniform)]
    public static Tensor RandomUniform(Tensor state, ReadOnlySpan<int> shape, DType dtype = DType.F32) =>
        Eager.Apply(OpCode.RandomUniform, Attributes.Empty.With("shape", shape.ToArray()).With("dtype", dtype), state);

    /// <summary>As <see cref="RandomUniform"/>, of a tensor's shape; f64 where it is f64, else f32.</summary>
    [Op(OpCode.RandomUniformLike)]
    public static Tensor RandomUniformLike(Tensor state, Tensor like) => Eager.Apply(OpCode.RandomUniformLike, Attributes.Empty, state, like);

    /// <summary>The state after <see cref="RandomUniform"/> of that shape: the offset grows by the blocks used.</summary>
    [Op(OpCode.RandomAdvance)]
    public static Tensor RandomAdvance(Tensor state, ReadOnlySpan<int> shape) =>
        Eager.Apply(OpCode.RandomAdvance, Attributes.Empty.With("shape", shape.ToArray()), state);
}
