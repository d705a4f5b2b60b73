namespace Unified.Ir;

/// <summary>A range check as ops: what has no status word of its own fails as a look-up does.</summary>
internal static class RangeCheck
{
    /// <summary>The i64 values themselves, where each lies from <paramref name="least"/> to <paramref name="most"/>; else an index is out of range.</summary>
    public static OpValue Checked(OpBuilder b, OpValue values, Dim least, Dim most)
    {
        var (isLess, isMore) = (b.Apply(OpCode.Less, values, b.DimSize(least, DType.I64)), b.Apply(OpCode.Greater, values, b.DimSize(most, DType.I64)));
        var table = b.BroadcastTo(b.ScalarLike(values, 0), Shape.From(most + 1));
        var place = b.Select(b.Apply(OpCode.LogicalOr, isLess, isMore), b.DimSize(most + 1, DType.I64), b.ScalarLike(values, 0));
        return values + b.Apply(OpCode.Gather, table, place);
    }
}
