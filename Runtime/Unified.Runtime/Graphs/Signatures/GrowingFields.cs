using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Finds the tensors that fields hold now, of which an earlier specialization that fits otherwise had another size: the axes become named dims,
/// one name for those that were as long and are as long now.
/// </summary>
internal static class GrowingFields
{
    public static ImmutableDictionary<ITensorHandle, TensorType> Of(ReadOnlySpan<Argument> arguments, IReadOnlyList<Specialization> earlier)
    {
        var types = ImmutableDictionary.CreateBuilder<ITensorHandle, TensorType>(ReferenceEqualityComparer.Instance);
        foreach (var specialization in earlier)
        {
            if (!specialization.Fits(arguments) || !specialization.Executable.GuardsHold())
            {
                continue;
            }

            var names = new Dictionary<(Dim Before, Dim Now), Dim>();
            foreach (var (fetched, compiled) in specialization.Executable.Fetch())
            {
                var now = fetched.Type;
                if (compiled.DType == now.DType && compiled.Rank == now.Rank && compiled.Shape.IsConstant && compiled != now)
                {
                    types[fetched] = now with { Shape = new Shape([.. compiled.Shape.Zip(now.Shape, (b, n) => b == n ? n : NameOf(b, n))]) };
                }
            }

            Dim NameOf(Dim before, Dim now)
            {
                if (!names.TryGetValue((before, now), out var name))
                {
                    names.Add((before, now), name = Dim.Named($"field_{names.Count}"));
                }

                return name;
            }
        }

        return types.ToImmutable();
    }
}
