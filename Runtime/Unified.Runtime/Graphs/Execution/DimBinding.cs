using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Reads the values of named dims off the shapes of a call's arguments and of the tensors fetched from fields. Where the pattern says a plain name, the first size met
/// defines it; every other size must agree.
/// </summary>
internal sealed class DimBinding
{
    private readonly string[] _names;
    private readonly (int Argument, int Item, int Axis, int Name)[] _definitions;
    private readonly (int Argument, int Item, int Axis, Dim Dim, int Name)[] _checks;
    private readonly (int Input, int Axis, int Name)[] _fetchedDefinitions;

    /// <param name="names">The names that the graph needs. Others that the arguments have must agree all the same.</param>
    /// <param name="arguments">The signature.</param>
    /// <param name="fetched">Inputs that are fetched, with their types: a name that no argument has is the size of one of these.</param>
    /// <exception cref="InvalidDataException">A name is the size of no argument and of no fetched tensor.</exception>
    public DimBinding(IReadOnlyList<string> names, IReadOnlyList<ArgumentSpec> arguments, params IReadOnlyList<(int Input, TensorType Type)> fetched)
    {
        var axes = Axes(arguments).ToList();
        var fetchedAxes = fetched.SelectMany(f => f.Type.Shape.Select((Dim, Axis) => (f.Input, Axis, Dim))).ToList();
        _names = [.. names.Concat(axes.SelectMany(a => a.Dim.Names())).Concat(fetchedAxes.SelectMany(a => a.Dim.Names())).Distinct(StringComparer.Ordinal)];
        var definitions = new List<(int, int, int, int)>();
        var checks = new List<(int, int, int, Dim, int)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (argument, item, axis, dim) in axes)
        {
            var name = dim.Name is { } n ? Array.IndexOf(_names, n) : -1;
            if (name >= 0 && seen.Add(_names[name]))
            {
                definitions.Add((argument, item, axis, name));
            }
            else
            {
                checks.Add((argument, item, axis, dim, name));
            }
        }

        _definitions = [.. definitions];
        _checks = [.. checks];
        _fetchedDefinitions =
        [
            .. fetchedAxes.Select(a => (a.Input, a.Axis, Name: a.Dim.Name is { } n ? Array.IndexOf(_names, n) : -1)).Where(a => a.Name >= 0 && seen.Add(_names[a.Name])),
        ];
        var missing = _names.FirstOrDefault(n => !seen.Contains(n));
        if (missing is not null)
        {
            throw new InvalidDataException($"the graph needs a value for dim '{missing}', which is the size of no argument and of no tensor that is fetched");
        }
    }

    public int Count => _names.Length;

    /// <summary>The values of the names that the arguments have, as far as their sizes agree.</summary>
    public static ImmutableDictionary<string, long> Sizes(ImmutableArray<ArgumentSpec> signature, ReadOnlySpan<Argument> arguments)
    {
        var binding = new DimBinding([], signature);
        var values = new long[binding.Count];
        return binding.TryBind(arguments, values) ? binding.ToDictionary(values).ToImmutableDictionary(StringComparer.Ordinal) : ImmutableDictionary<string, long>.Empty;
    }

    /// <summary>Fills in the values; false where a size does not fit the pattern.</summary>
    public bool TryBind(ReadOnlySpan<Argument> arguments, Span<long> values) => TryBind(arguments, [], values);

    /// <summary>As above; the fetched tensors stand at the numbers of their inputs. Whether their other sizes fit is not looked at.</summary>
    public bool TryBind(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Tensor?> inputs, Span<long> values)
    {
        foreach (var (input, axis, name) in _fetchedDefinitions)
        {
            values[name] = inputs[input] is { } tensor && axis < tensor.Rank ? tensor.Shape[axis] : -1;
        }

        foreach (var (argument, item, axis, name) in _definitions)
        {
            values[name] = Size(arguments[argument], item, axis);
        }

        foreach (var (argument, item, axis, dim, name) in _checks)
        {
            var expected = name >= 0 ? values[name] : Evaluate(dim, values);
            if (Size(arguments[argument], item, axis) != expected)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The shape has the sizes that the pattern has for these values. Equal ranks.</summary>
    public bool Agree(Shape pattern, Shape actual, ReadOnlySpan<long> values)
    {
        for (var axis = 0; axis < pattern.Rank; axis++)
        {
            if (actual[axis].Value != Evaluate(pattern[axis], values))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The size for these values. Allocates only where it is neither a number nor a plain name.</summary>
    public long Evaluate(Dim dim, ReadOnlySpan<long> values) =>
        dim.IsConstant ? dim.Value : dim.Name is { } name && Array.IndexOf(_names, name) is >= 0 and var index ? values[index] : dim.Evaluate(ToDictionary(values));

    public Dictionary<string, long> ToDictionary(ReadOnlySpan<long> values)
    {
        var result = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < _names.Length; i++)
        {
            result[_names[i]] = values[i];
        }

        return result;
    }

    public static Tensor TensorOf(in Argument argument, int item) => item < 0
        ? (Tensor)argument.Reference!
        : ((IReadOnlyList<Tensor>)argument.Reference!)[item];

    private static long Size(in Argument argument, int item, int axis) => TensorOf(argument, item).Shape[axis];

    private static IEnumerable<(int Argument, int Item, int Axis, Dim Dim)> Axes(IReadOnlyList<ArgumentSpec> arguments)
    {
        for (var a = 0; a < arguments.Count; a++)
        {
            ImmutableArray<TensorType> types = arguments[a] switch
            {
                TensorSpec t => [t.Type],
                TensorListSpec list => list.Types,
                _ => [],
            };
            for (var i = 0; i < types.Length; i++)
            {
                for (var axis = 0; axis < types[i].Rank; axis++)
                {
                    yield return (a, arguments[a] is TensorSpec ? -1 : i, axis, types[i].Shape[axis]);
                }
            }
        }
    }
}
