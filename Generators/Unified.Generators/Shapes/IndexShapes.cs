using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>What an indexer leaves of a shape. Sizes of ranges are known where their ends are.</summary>
internal static class IndexShapes
{
    public static void Index(ShapeFrame frame, IndexInstruction step)
    {
        frame[step.Result] = TensorFact.Unknown;
        if (frame[step.Tensor] is not TensorFact { IsOpen: false } tensor || step.Items.Any(i => i.Kind == "tensor"))
        {
            return;
        }

        var items = step.Items;
        if (items.Length > tensor.Dims.Rank && !(items[0].Kind == "all" && items.Length == tensor.Dims.Rank + 1))
        {
            frame.Report("UG020", frame.SyntaxOf(step), frame.Describe(step.Tensor), $"{items.Length} indices are more than its {tensor.Dims.Rank} axes");
            return;
        }

        var dims = ImmutableArray.CreateBuilder<Dim>();
        var axis = 0;
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].Kind == "all" && i == 0 && items.Length <= tensor.Dims.Rank)
            {
                // Stands for every axis that the other indices leave.
                dims.AddRange(tensor.Dims.Take(tensor.Dims.Rank - items.Length + 1));
                axis = dims.Count;
                continue;
            }

            if (axis >= tensor.Dims.Rank)
            {
                return;
            }

            Take(frame, step, items[i], tensor.Dims[axis++], dims);
        }

        dims.AddRange(tensor.Dims.Skip(axis));
        frame[step.Result] = new TensorFact(new Shape(dims.ToImmutable()), false, tensor.DType, step.Source?.Text ?? "");
    }

    private static void Take(ShapeFrame frame, IndexInstruction step, IndexItem item, Dim size, ImmutableArray<Dim>.Builder dims)
    {
        switch (item.Kind)
        {
            case "all":
                dims.Add(size);
                break;
            case "at":
                if (size.IsConstant && frame[item.Start] is SizeFact { Value: { IsConstant: true, Value: var at } }
                    && (item.StartFromEnd ? at < 1 || at > size.Value : at < 0 || at >= size.Value))
                {
                    frame.Report(
                        "UG020", frame.SyntaxOf(step), frame.Describe(step.Tensor), $"index {(item.StartFromEnd ? "^" : "")}{at} lies outside of an axis of {size}");
                }

                break;
            default:
                // Both ends inside of a constant axis: the size is their distance. Ends are cut nowhere, so anything else stays open.
                var (start, end) = (End(frame, item.Start, item.StartFromEnd, size, 0), End(frame, item.End, item.EndFromEnd, size, size));
                dims.Add(start is not null && end is not null && (end - start) is { IsConstant: true, Value: >= 0 } distance ? distance
                    : start is not null && end is not null && start.Is(0) ? end : frame.Unknown.Next());
                break;
        }
    }

    private static Dim? End(ShapeFrame frame, int register, bool fromEnd, Dim size, Dim open) =>
        register == Instruction.None ? open : frame[register] is SizeFact { Value: var at } ? (fromEnd ? size - at : at) : null;
}
