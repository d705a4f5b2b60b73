using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Finds the tensors of fields that each call replaces by ones of another size: a cache that grows. The axes that change become named dims, so
/// that one graph serves every length; axes that are as long and change by as much have one name.
/// </summary>
internal static class GrowingState
{
    /// <summary>The tensors and their types with named axes; empty when nothing grows.</summary>
    public static ImmutableDictionary<ITensorHandle, TensorType> Find(Frame root)
    {
        var types = ImmutableDictionary.CreateBuilder<ITensorHandle, TensorType>(ReferenceEqualityComparer.Instance);
        var names = new Dictionary<(Dim Size, Dim Growth), Dim>();
        foreach (var rebound in root.ReboundFields)
        {
            if (rebound.Old is not { } old || types.ContainsKey(old) || root.Session.Sources.BindingOf(old) is not ThunkBinding)
            {
                continue;
            }

            var (before, after) = (root.Session.TypeOf(old), root.TypeOf(rebound.Value));
            if (before.DType == after.DType && before.Rank == after.Rank && before.Shape.IsConstant && before != after)
            {
                types.Add(old, before with { Shape = new Shape([.. before.Shape.Zip(after.Shape, (b, a) => b == a ? b : NameOf(rebound, b, a - b))]) });
            }
        }

        return types.ToImmutable();

        Dim NameOf(Rebound rebound, Dim size, Dim growth)
        {
            if (!names.TryGetValue((size, growth), out var name))
            {
                names.Add((size, growth), name = Dim.Named($"{ModuleGraphs.Identifier(root.Session.Sources.NameOf(rebound.Old!))}_{names.Count}"));
            }

            return name;
        }
    }
}
