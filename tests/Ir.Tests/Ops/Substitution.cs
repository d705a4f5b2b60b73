using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Puts numbers in the place of named dims.</summary>
internal static class Substitution
{
    public static TensorType Sized(TensorType type, ImmutableDictionary<string, long> sizes) =>
        type with { Shape = type.Shape.Substitute(n => sizes[n]) };

    public static Attributes Sized(Attributes attributes, ImmutableDictionary<string, long> sizes) =>
        attributes.Items.Aggregate(Attributes.Empty, (all, item) => all.With(item.Key, item.Value switch
        {
            DimAttribute dim => new DimAttribute(dim.Value.Substitute(n => sizes[n])),
            DimsAttribute dims => new DimsAttribute(new Shape(dims.Value).Substitute(n => sizes[n]).Dims),
            var other => other,
        }));

    public static OpSample Sized(OpSample sample, ImmutableDictionary<string, long> sizes) => sample with
    {
        Operands = [.. sample.Operands.Select(t => Sized(t, sizes))],
        Attributes = Sized(sample.Attributes, sizes),
    };
}
