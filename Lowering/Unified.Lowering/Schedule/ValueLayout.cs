using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Where a value's elements lie once they are in memory.</summary>
/// <param name="Base">The value whose computation writes them: the value itself unless it is a view.</param>
/// <param name="Storage">The block of memory; see <see cref="GraphContext.Storages"/>.</param>
/// <param name="Offset">Of the first element, in elements.</param>
/// <param name="Strides">Of each axis, in elements.</param>
internal sealed record ValueLayout(int Base, int Storage, Dim Offset, ImmutableArray<Dim> Strides)
{
    public static ValueLayout Dense(int value, TensorType type) => new(value, value, Dim.Zero, Schedule.Strides.Dense(type.Shape));

    /// <summary>The offset of the element at the indices.</summary>
    public Affine Address(ImmutableArray<Affine> indices) =>
        indices.Zip(Strides, (index, stride) => index * stride).Aggregate(Affine.Constant(Offset), (a, b) => a + b);
}
