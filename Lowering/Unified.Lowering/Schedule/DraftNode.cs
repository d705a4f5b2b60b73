using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>A scalar node whose indices still are affine in the atoms of the space; it becomes a Loop IR node once the axes are laid out.</summary>
internal abstract record DraftNode(DType Type)
{
    public virtual ImmutableArray<int> Operands => [];
}

internal sealed record DraftConstant(DType Type, double Value) : DraftNode(Type);

internal sealed record DraftSize(Dim Value) : DraftNode(DType.I64);

internal sealed record DraftIndex(Affine Index) : DraftNode(DType.I64);

internal sealed record DraftLoad(DType Type, int Buffer, Affine Address) : DraftNode(Type);

internal sealed record DraftGather(DType Type, int Buffer, Affine Address, int Index, Dim IndexStride, Dim Extent) : DraftNode(Type)
{
    public override ImmutableArray<int> Operands => [Index];
}

internal sealed record DraftCompute(DType Type, OpCode Op, ImmutableArray<int> Inputs) : DraftNode(Type)
{
    public override ImmutableArray<int> Operands => Inputs;
}

internal sealed record DraftUniform(DType Type, int Seed, int Offset, int Counter) : DraftNode(Type)
{
    public override ImmutableArray<int> Operands => [Seed, Offset, Counter];
}

internal sealed record DraftReduced(DType Type, int Stage, int Reduction) : DraftNode(Type);

internal sealed record DraftAccumulator(DType Type) : DraftNode(Type);

internal sealed record DraftReduction(OpCode Op, int Node, int Stage, int Number);

internal sealed record DraftStore(int Buffer, Affine Address, int Node, int Stage);

/// <summary>A buffer of a kernel: a block of memory from an element on.</summary>
internal sealed record DraftBuffer(int Storage, Dim Offset, DType Type, bool IsWritten);
