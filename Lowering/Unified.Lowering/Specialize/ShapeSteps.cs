using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Shapes as host values.</summary>
internal static class ShapeSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<DimInstruction>((f, i) =>
        {
            var shape = f.TypeOf(f[i.Tensor]).Shape;
            var axis = f.Int(f[i.Axis], "an axis");

            // As eager: only ^1 counts from the end here.
            f[i.Result] = axis >= 0 && axis < shape.Rank
                ? Specialization.Size(shape[axis], "int")
                : throw f.Fail($"axis {axis} is out of range for shape {shape} of rank {shape.Rank}");
        }),
        Step.Of<RankInstruction>((f, i) => f[i.Result] = new HostValue(f.TypeOf(f[i.Tensor]).Rank)),
        Step.Of<ShapeInstruction>((f, i) =>
            f[i.Result] = new AggregateValue([.. f.TypeOf(f[i.Tensor]).Shape.Select(d => Specialization.Size(d, "int"))])),
    ];
}
