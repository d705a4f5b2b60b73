using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The legal calls that tests make of an op: those on its row, or those that follow from its traits.</summary>
public static class OpExamples
{
    public static ImmutableArray<OpExample> Of(Op op) => !op.Examples.IsEmpty ? op.Examples
        : op.Has(OpTraits.Reduction) ? Reductions()
        : op.Has(OpTraits.Elementwise) ? Elementwise(op.Operands.Length)
        : [];

    private static ImmutableArray<OpExample> Reductions() =>
    [
        new("f32[B,T,4]"),
        new(Attributes.Empty.With("axes", [-1]), "f32[B,T,4]"),
        new(Attributes.Empty.With("axes", [2, 0]).With("keepDims", true), "f32[B,T,4]"),
    ];

    private static ImmutableArray<OpExample> Elementwise(int operands) => operands switch
    {
        1 => [new("f32[B,3]"), new("f32[]")],
        2 => [new("f32[B,3]", "f32[B,3]"), new("f32[B,T,3]", "f32[T,1]"), new("f32[]", "f32[B]")],
        _ => [new("f32[B,T]", "f32[T]", "f32[]"), new("f32[B,3]", "f32[B,3]", "f32[B,3]")],
    };
}
