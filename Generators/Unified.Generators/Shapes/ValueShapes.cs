using System.Collections.Immutable;
using Unified.Ir;
using static Unified.Generators.Shapes.InferShapes;

namespace Unified.Generators.Shapes;

/// <summary>Host values, variables, lists, and what a tensor says of itself.</summary>
internal static class ValueShapes
{
    public static ImmutableArray<KeyValuePair<Type, Func<ShapeFrame, Instruction, bool>>> Rows { get; } =
    [
        Row<LiteralInstruction>((f, i) => f[i.Result] = ReadFacts.OfConstant(i.Value, null)),
        Row<LoadInstruction>((f, i) =>
        {
            f[i.Result] = f.Locals[i.Local];
            f.Name(i.Result, f.Function.Locals[i.Local].Name);
        }),
        Row<StoreInstruction>((f, i) => f.Locals[i.Local] = f[i.Value]),
        Row<ThunkInstruction>(Thunk),
        Row<ShapeInstruction>((f, i) => f[i.Result] = f[i.Tensor] is TensorFact { IsOpen: false, IsNumber: false } tensor
            ? new ListFact([.. tensor.Dims.Select(d => new SizeFact(d))]) : Fact.Nothing),
        Row<RankInstruction>((f, i) => f[i.Result] = new SizeFact(f[i.Tensor] is TensorFact { IsOpen: false } tensor ? tensor.Dims.Rank : f.Unknown.Next())),
        Row<DimInstruction>(OneDim),
        Row<HostInstruction>((f, i) => f[i.Result] = HostShapes.Compute(f, i)),
        Row<ListInstruction>((f, i) => f[i.Result] = new ListFact([.. i.Items.Select(r => f[r])])),
        Row<ListStepInstruction>((f, i) =>
        {
            if (i.Result == Instruction.None)
            {
                f.ForgetLists();
            }

            f.SetNothing(i.Result);
        }),
        Row<ItemInstruction>((f, i) => f[i.Result] = f[i.List] is ListFact list && f[i.Index] is SizeFact { Value: { IsConstant: true } at }
            && at.Value >= 0 && at.Value < list.Items.Length ? list.Items[(int)at.Value] : Fact.Nothing),
        Row<CountInstruction>((f, i) => f[i.Result] = new SizeFact(f[i.List] is ListFact list ? list.Items.Length : f.Unknown.Next())),
        Row<IndexInstruction>(IndexShapes.Index),
    ];

    private static void Thunk(ShapeFrame frame, ThunkInstruction step)
    {
        frame.Name(step.Result, frame.Function.Thunks[step.Thunk].Name);
        frame[step.Result] = frame.Session.Origins.Thunks.TryGetValue(step.Thunk, out var operation)
            ? frame.Facts.Of(operation)
            : frame.Function.Thunks[step.Thunk].Result.Kind == ValueKind.Tensor ? TensorFact.Unknown : Fact.Nothing;
    }

    private static void OneDim(ShapeFrame frame, DimInstruction step)
    {
        frame[step.Result] = new SizeFact(frame.Unknown.Next());
        if (frame[step.Tensor] is not TensorFact { IsOpen: false } tensor || frame[step.Axis] is not SizeFact { Value: { IsConstant: true } axis })
        {
            return;
        }

        if (axis.Value >= 0 && axis.Value < tensor.Dims.Rank)
        {
            frame[step.Result] = new SizeFact(tensor.Dims[(int)axis.Value]);
        }
        else
        {
            frame.Report(
                "UG020", frame.SyntaxOf(step), frame.Describe(step.Tensor),
                $"it has no axis {axis.Value}: its axes are 0 to {tensor.Dims.Rank - 1}, and ^1 is the last");
        }
    }
}
