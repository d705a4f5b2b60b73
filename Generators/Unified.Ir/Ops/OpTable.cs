using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Every operator, one row each. The rows stand in one file per family beside this one.</summary>
public static class OpTable
{
    private static readonly ImmutableArray<Op> Rows =
    [
        .. ElementwiseOps.Rows,
        .. ReductionOps.Rows,
        .. ViewOps.Rows,
        .. DataMovementOps.Rows,
        .. ContractionOps.Rows,
        .. CreationOps.Rows,
        .. CompositeOps.Rows,
        .. StructuralOps.Rows,
    ];

    private static readonly ImmutableDictionary<OpCode, Op> ByCode = Rows.ToImmutableDictionary(o => o.Code);

    private static readonly ImmutableDictionary<string, Op> ByName = Rows.ToImmutableDictionary(o => o.Name, StringComparer.Ordinal);

    public static ImmutableArray<Op> All => Rows;

    public static Op Get(OpCode code) => ByCode[code];

    public static Op? Find(string name) => ByName.TryGetValue(name, out var op) ? op : null;
}
