using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Rules of <see cref="Simplify"/> for views: those that change nothing go, and views of views become one.</summary>
internal static class ViewRules
{
    public static ImmutableArray<(OpCode Op, SimplifyRule Rule)> Rows { get; } =
    [
        (OpCode.Reshape, Unchanged),
        (OpCode.BroadcastTo, Unchanged),
        (OpCode.Transpose, s => Order(s).Select((p, i) => p == i).All(b => b) ? s[0] : null),
        (OpCode.Slice, s => s.Attributes.Dims("starts").All(d => d.Is(0)) && s.Attributes.Dims("steps").All(d => d.Is(1)) ? Unchanged(s) : null),

        (OpCode.Reshape, s => Inner(s) is { } inner ? s.Builder.Reshape(inner.Operands[0], s.Type.Shape) : null),
        (OpCode.BroadcastTo, s => Inner(s) is { } inner ? s.Builder.BroadcastTo(inner.Operands[0], s.Type.Shape) : null),
        (OpCode.Transpose, s => Inner(s) is { } inner
            ? s.Builder.Transpose(inner.Operands[0], Order(s).Select(p => inner.Node.Attributes.Ints("permutation")[p])) : null),
        (OpCode.Slice, SliceOfSlice),

        // Moving axes of size 1 leaves the elements in their order.
        (OpCode.Transpose, s => Order(s).Where(p => !s[0].Shape[p].Is(1)) is var rest && rest.SequenceEqual(rest.Order())
            ? s.Builder.Reshape(s[0], s.Type.Shape) : null),

        // Stretching by new leading axes of size 1 only.
        (OpCode.BroadcastTo, s => s.Type.Shape.Size == s[0].Shape.Size && s.Type.Shape.Where(d => !d.Is(1)).SequenceEqual(s[0].Shape.Where(d => !d.Is(1)))
            ? s.Builder.Reshape(s[0], s.Type.Shape) : null),
    ];

    private static (Node Node, ImmutableArray<OpValue> Operands)? Inner(SimplifySite site) => site.MadeBy(site[0], site.Node.Op.Code);

    private static ImmutableArray<int> Order(SimplifySite site) => site.Attributes.Ints("permutation");

    private static OpValue? Unchanged(SimplifySite site) => site.Type == site[0].Type ? site[0] : null;

    // Element i is the inner view's element start + i·step, which is its operand's element start' + (start + i·step)·step'.
    private static OpValue? SliceOfSlice(SimplifySite site)
    {
        if (Inner(site) is not { } inner)
        {
            return null;
        }

        var starts = inner.Node.Attributes.Dims("starts");
        var steps = inner.Node.Attributes.Dims("steps");
        return site.Builder.Slice(
            inner.Operands[0],
            site.Attributes.Dims("starts").Select((s, axis) => starts[axis] + (s * steps[axis])),
            site.Attributes.Dims("sizes"),
            site.Attributes.Dims("steps").Select((s, axis) => s * steps[axis]));
    }
}
