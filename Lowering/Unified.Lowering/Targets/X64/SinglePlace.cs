using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// A sum along a row of what is zero but where the position equals a constant of the row, as a cross-entropy picks the target's logit: it is what stands there, and nobody walks the row for it.
/// </summary>
/// <param name="Value">The node that is summed up where the position is right.</param>
/// <param name="Position">The constant of the row: a whole number, which may lie outside.</param>
internal sealed record SinglePlace(int Value, int Position)
{
    /// <summary>Null: the sum is not of this form, or what it adds up may fail at a place that would not be looked at any more.</summary>
    public static SinglePlace? Of(RowKernel kernel, NodeEmitter row, Reduction reduction)
    {
        var nodes = kernel.Nodes;
        return reduction.Op == OpCode.Sum && nodes[reduction.Node] is ComputeNode { Op: OpCode.Select } select && nodes[select.Operands[2]] is ConstantNode { Value: 0 }
            && row.Reach([select.Operands[1]]).All(n => nodes[n].Type.IsFloat() || row.IsRowConstant(n)) && PositionOf(kernel, row, select) is >= 0 and var position ? new(select.Operands[1], position) : null;
    }

    /// <summary>A selection in what is stored, as the gradient of a cross-entropy takes one from the target's share: all places but one have its last operand. Null: there is none, or more than one.</summary>
    public static SinglePlace? Of(RowKernel kernel, NodeEmitter row, Store store)
    {
        var places = row.Reach([store.Node]).Where(n => kernel.Nodes[n] is ComputeNode { Op: OpCode.Select } && !row.IsRowConstant(n))
            .Select(n => new SinglePlace(n, PositionOf(kernel, row, (ComputeNode)kernel.Nodes[n]))).Where(p => p.Position >= 0).ToList();
        return places is [var only] ? only : null;
    }

    /// <summary>The place as a point of one lane, or of none where it lies outside.</summary>
    public Point At(KernelBuilder k, NodeEmitter row, LlvmValue count)
    {
        var b = k.B;
        var position = b.IntCast(row.Scalar(Position), k.Context.I64, signed: true);
        var exists = b.ICmp(LlvmIntPredicate.Ult, position, count);
        return new Point(b.Select(exists, position, k.I64(0)), k.LanesBelow(b.ZExt(exists, k.Context.I64)));
    }

    /// <summary>The whole vector that the place lies in; where it lies outside, another one.</summary>
    public Point VectorAt(KernelBuilder k, NodeEmitter row, LlvmValue count) => new(k.B.And(At(k, row, count).First, k.I64(-KernelBuilder.Lanes)), null);

    /// <summary>The sum over a row of <paramref name="count"/> elements.</summary>
    public LlvmValue Sum(KernelBuilder k, NodeEmitter row, LlvmValue count)
    {
        var b = k.B;
        var position = b.IntCast(row.Scalar(Position), k.Context.I64, signed: true);
        var exists = b.ICmp(LlvmIntPredicate.Ult, position, count);
        var value = b.ExtractElement(row.Vector(Value, At(k, row, count)), 0);

        // As the sum would, it has no zero below zero.
        return b.FAdd(b.Select(exists, value, value.Type.Zero), value.Type.Zero);
    }
    // Where a selection's condition holds: at a constant of the row. -1: elsewhere, too, or what it selects may fail.
    private static int PositionOf(RowKernel kernel, NodeEmitter row, ComputeNode select)
    {
        var nodes = kernel.Nodes;
        if (nodes[select.Operands[0]] is not ComputeNode { Op: OpCode.Equal } equal || row.Reach([select.Operands[1]]).Any(n => nodes[n] is GatherNode or UniformNode))
        {
            return -1;
        }

        var (left, right) = (equal.Operands[0], equal.Operands[1]);
        var position = IsIndex(left) ? right : IsIndex(right) ? left : -1;
        return position >= 0 && row.IsRowConstant(position) ? position : -1;

        // A narrower type could show one number at several places.
        bool IsIndex(int node) => nodes[node] switch
        {
            IndexNode index => index.Axis == kernel.Axes - 1,
            ComputeNode { Op: OpCode.Cast, Type: DType.I32 or DType.I64 } cast => IsIndex(cast.Operands[0]),
            _ => false,
        };
    }
}
