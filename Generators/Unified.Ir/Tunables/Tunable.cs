using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A number that decides how kernels are cut and written, and not what they compute. One row of <see cref="TunableTable"/>.</summary>
/// <param name="Name">As settings say it.</param>
/// <param name="Meaning">What it is, with its unit.</param>
/// <param name="Default">One of the candidates.</param>
/// <param name="Candidates">What it may be, ascending; the first and the last are the extremes that conformance is tested at.</param>
/// <param name="Families">Whose kernels it acts on.</param>
public sealed record Tunable(string Name, string Meaning, int Default, ImmutableArray<int> Candidates, ImmutableArray<KernelFamily> Families)
{
    /// <summary>Another value may round otherwise, within the tolerances of the op table: it splits a sum, or changes which operations are fused. Else results are equal bit by bit.</summary>
    public bool ChangesRounding { get; init; }

    public override string ToString() => Name;
}
