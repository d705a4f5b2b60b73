using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Reads the values of named dims off the shapes of a call's arguments. Where the pattern says a plain name, the first size met
/// defines it; every other size must agree.
/// </summary>
internal sealed class DimBinding
{
    private readonly string[] _names;
    private readonly (int Argument, int Item, int Axis, int Name)[] _definitions;
    private readonly (int Argument, int Item, int Axis, Dim Dim)[] _checks;

    public DimBinding(IReadOnlyList<string> names, IReadOnlyList<ArgumentSpec> arguments)
    {
        _names = [.. names];
        var definitions = new List<(int, int, int, int)>();
        var checks = new List<(int, int, int, Dim)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (argument, item, type) in Tensors(arguments))
        {
            for (var axis = 0; axis < type.Rank; axis++)
            {
                var dim = type.Shape[axis];
                var name = dim.Name is { } n ? Array.IndexOf(_names, n) : -1;
                if (name >= 0 && seen.Add(_names[name]))
                {
                    definitions.Add((argument, item, axis, name));
                }
                else
                {
                    checks.Add((argument, item, axis, dim));
                }
            }
        }

        _definitions = [.. definitions];
        _checks = [.. checks];
        var missing = _names.FirstOrDefault(n => !seen.Contains(n));
        if (missing is not null)
        {
            throw new InvalidDataException($"the graph needs a value for dim '{missing}', which is the size of no argument");
        }
    }

    public int Count => _names.Length;

    /// <summary>Fills in the values; false where a size does not fit the pattern.</summary>
    public bool TryBind(ReadOnlySpan<Argument> arguments, Span<long> values)
    {
        foreach (var (argument, item, axis, name) in _definitions)
        {
            values[name] = TensorOf(arguments[argument], item).Type.Shape[axis].Value;
        }

        foreach (var (argument, item, axis, dim) in _checks)
        {
            var actual = TensorOf(arguments[argument], item).Type.Shape[axis].Value;
            var expected = dim.IsConstant ? dim.Value
                : dim.Name is { } name ? values[Array.IndexOf(_names, name)]
                : dim.Evaluate(ToDictionary(values));
            if (actual != expected)
            {
                return false;
            }
        }

        return true;
    }

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

    private static IEnumerable<(int Argument, int Item, TensorType Type)> Tensors(IReadOnlyList<ArgumentSpec> arguments)
    {
        for (var a = 0; a < arguments.Count; a++)
        {
            switch (arguments[a])
            {
                case TensorSpec t:
                    yield return (a, -1, t.Type);
                    break;
                case TensorListSpec list:
                    for (var i = 0; i < list.Types.Length; i++)
                    {
                        yield return (a, i, list.Types[i]);
                    }

                    break;
            }
        }
    }
}
