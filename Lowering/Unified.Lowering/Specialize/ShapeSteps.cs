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
            f[i.Result] = Specialization.Size(shape[shape.Axis(f.Int(f[i.Axis], "an axis"))], "int");
        }),
        Step.Of<RankInstruction>((f, i) => f[i.Result] = new HostValue(f.TypeOf(f[i.Tensor]).Rank)),
        Step.Of<ShapeInstruction>((f, i) =>
            f[i.Result] = new AggregateValue([.. f.TypeOf(f[i.Tensor]).Shape.Select(d => Specialization.Size(d, "int"))])),
    ];
}
