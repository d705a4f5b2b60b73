namespace Unified.Ir;

/// <summary>What a kernel checks of an operand of whole numbers as it runs: each lies in a range, or the call fails before it writes.</summary>
/// <param name="Operand">Which operand.</param>
/// <param name="Least">The least that each number may be.</param>
/// <param name="Most">The most that each number may be.</param>
/// <param name="Proves">All the numbers are looked at, whatever the sizes.</param>
public sealed record OperandCheck(int Operand, Dim Least, Dim Most, bool Proves)
{
    /// <summary>Numbers that look up one of <paramref name="extent"/> rows; a negative one counts from the end. Where the rows have no elements nothing is looked up.</summary>
    /// <param name="row">The shape of a row.</param>
    public static OperandCheck Index(int operand, Dim extent, IEnumerable<Dim> row) => new(operand, extent * -1, extent - 1, AreSome(row));

    /// <summary>Whether there are surely elements.</summary>
    public static bool AreSome(IEnumerable<Dim> extents) => extents.All(d => d.IsConstant && d.Value > 0);
}

/// <summary>What a call checks as it runs; null: nothing.</summary>
public delegate OperandCheck? CheckRule(OpInputs inputs);
