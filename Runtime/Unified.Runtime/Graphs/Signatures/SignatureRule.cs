using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Turns a call's arguments into the signature to compile for. A dim is named where the parameter's <c>[Shape]</c> says so, or where an
/// earlier specialization differs from this call in that size alone; any other dim is the constant it is.
/// </summary>
internal static class SignatureRule
{
    /// <param name="constants">Names that must stay constants, because the host code decides on them.</param>
    public static ImmutableArray<ArgumentSpec> Of(
        Function function, ReadOnlySpan<Argument> arguments, IReadOnlyList<Specialization> earlier, IReadOnlySet<string> constants)
    {
        var parameters = function.Parameters.Where(p => p.Name != "this").ToList();
        var relative = arguments.ToArray();
        var near = earlier.Where(e => e.Fits(relative)).ToList();
        Agree(parameters, relative);
        var alike = new Dictionary<string, string>(StringComparer.Ordinal);
        return [.. relative.Select((a, i) => Spec(a, i < parameters.Count ? parameters[i] : null, [.. near.Select(e => e.Arguments[i])], i, constants, alike))];
    }

    /// <summary>The names in the signature that no annotation gave: the method may need their sizes after all.</summary>
    public static ImmutableArray<string> Found(Function function, IEnumerable<ArgumentSpec> signature)
    {
        var declared = function.Parameters.SelectMany(p => p.Shape?.Dims ?? []).Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        var types = signature.SelectMany(s => s switch { TensorSpec t => [t.Type], TensorListSpec l => l.Types, _ => ImmutableArray<TensorType>.Empty });
        return [.. types.SelectMany(t => t.Shape.Dims).Select(d => d.Name).OfType<string>().Where(n => !declared.Contains(n)).Distinct(StringComparer.Ordinal)];
    }

    // A name stands for one size per call, wherever it is declared.
    private static void Agree(List<FunctionParameter> parameters, Argument[] arguments)
    {
        var met = new Dictionary<string, (string Parameter, Dim Size)>(StringComparer.Ordinal);
        for (var i = 0; i < Math.Min(parameters.Count, arguments.Length); i++)
        {
            if (arguments[i].Kind != ArgumentKind.Tensor || parameters[i].Shape is not { } declared)
            {
                continue;
            }

            var actual = ((Tensor)arguments[i].Reference!).Type;
            for (var axis = 0; axis < Math.Min(declared.Rank, actual.Rank); axis++)
            {
                if (declared[axis].Name is not { } name || name[0] == '_' || met.TryAdd(name, (parameters[i].Name, actual.Shape[axis])))
                {
                    continue;
                }

                var (parameter, size) = met[name];
                if (size != actual.Shape[axis])
                {
                    throw new ShapeException(
                        $"argument '{parameters[i].Name}' is declared {declared} and was given {actual}: {name} is {size} in argument '{parameter}' already");
                }
            }
        }
    }

    private static ArgumentSpec Spec(
        in Argument argument, FunctionParameter? parameter, List<ArgumentSpec> earlier, int index, IReadOnlySet<string> constants, Dictionary<string, string> alike)
    {
        switch (argument.Kind)
        {
            case ArgumentKind.Tensor:
                var former = earlier.OfType<TensorSpec>().Select(t => t.Type).ToList();
                return new TensorSpec(Generalize(((Tensor)argument.Reference!).Type, parameter, former, $"{index}", constants, alike));
            case ArgumentKind.TensorList:
                var lists = earlier.OfType<TensorListSpec>().ToList();
                return new TensorListSpec([.. ((IReadOnlyList<Tensor>)argument.Reference!).Select((t, i) =>
                    Generalize(t.Type, null, [.. lists.Select(l => l.Types[i])], $"{index}_{i}", constants, alike))]);
            default:
                return new HostSpec(argument.ToObject());
        }
    }

    private static TensorType Generalize(
        TensorType actual, FunctionParameter? parameter, List<TensorType> earlier, string prefix, IReadOnlySet<string> constants,
        Dictionary<string, string> alike)
    {
        if (parameter?.Shape is { } declared && declared.Rank != actual.Rank)
        {
            throw new ShapeException($"argument '{parameter.Name}' is declared {declared} and was given {actual}: the ranks differ");
        }

        var dims = ImmutableArray.CreateBuilder<Dim>(actual.Rank);
        for (var axis = 0; axis < actual.Rank; axis++)
        {
            var size = actual.Shape[axis];
            var wanted = parameter?.Shape?[axis];
            if (wanted is { IsConstant: true } && wanted != size)
            {
                throw new ShapeException($"argument '{parameter!.Name}' is declared {parameter.Shape} and was given {actual}: axis {axis} must be {wanted}");
            }

            // A name the capture made up (it starts with an underscore) stands for an axis of which nothing was said.
            var name = wanted?.Name is { } given && given[0] != '_' ? given
                : earlier.Any(e => e.Shape[axis] != size) ? Shared($"d{prefix}_{axis}", size, earlier.Select(e => e.Shape[axis]), alike)
                : null;
            dims.Add(name is not null && !constants.Contains(name) ? Dim.Named(name) : size);
        }

        return actual with { Shape = new Shape(dims.MoveToImmutable()) };
    }

    // Dims that had the same size at every call are one dim until a call tells them apart: x + y is possible with one name alone.
    private static string Shared(string name, Dim size, IEnumerable<Dim> earlier, Dictionary<string, string> alike)
    {
        var history = string.Join(' ', earlier.Prepend(size));
        return alike.TryAdd(history, name) ? name : alike[history];
    }
}
