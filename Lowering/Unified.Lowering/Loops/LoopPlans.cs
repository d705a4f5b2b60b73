using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>How loops over rows are written: numbers of the table of tunables.</summary>
/// <param name="Unroll">Vectors of a row in one turn where the body is small: a power of 2.</param>
/// <param name="NextRowAhead">Rows to come are asked for while others are computed.</param>
/// <param name="StreamedBytes">Results from this size on are written past the caches.</param>
/// <param name="LongestRemembered">Elements of a row.</param>
/// <param name="RememberedCost">In instructions.</param>
public sealed record RowPlan(int Unroll, bool NextRowAhead, int StreamedBytes, int LongestRemembered, int RememberedCost)
{
    public static RowPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.Rows, false)));

    public static RowPlan Of(ClassTuning tuning) => new(
        tuning[TunableTable.RowUnroll], tuning[TunableTable.RowAhead] != 0, tuning[TunableTable.StreamedBytes], tuning[TunableTable.RememberedRow],
        tuning[TunableTable.RememberedCost]);
}

/// <summary>How reductions down columns are written: numbers of the table of tunables.</summary>
/// <param name="Block">Columns of a unit, a multiple of 16.</param>
/// <param name="Run">Elements of a column.</param>
public sealed record ColumnPlan(int Block, int Run)
{
    public static ColumnPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.Columns, false)));

    public static ColumnPlan Of(ClassTuning tuning) => new(tuning[TunableTable.ColumnBlock], tuning[TunableTable.ColumnRun]);
}
