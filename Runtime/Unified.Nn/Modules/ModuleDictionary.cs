using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Unified.Nn;

/// <summary>
/// Modules by name, such as the heads of several tasks. Their state stands under those names, in the order in which they were given.
/// (A list of modules needs no class: fields of arrays and lists of modules are state.)
/// </summary>
public sealed class ModuleDictionary<T> : Module, IReadOnlyDictionary<string, T>
    where T : Module
{
    private readonly OrderedDictionary<string, T> _modules = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">Two modules have one name.</exception>
    public ModuleDictionary(params IEnumerable<(string Name, T Module)> modules)
    {
        foreach (var (name, module) in modules)
        {
            if (!_modules.TryAdd(name, module))
            {
                throw new ArgumentException($"two modules are named '{name}'", nameof(modules));
            }
        }
    }

    public int Count => _modules.Count;

    public IEnumerable<string> Keys => _modules.Keys;

    public IEnumerable<T> Values => _modules.Values;

    /// <exception cref="KeyNotFoundException">There is no module of that name.</exception>
    public T this[string key] => _modules.TryGetValue(key, out var module)
        ? module
        : throw new KeyNotFoundException($"there is no module '{key}'; there are {string.Join(", ", _modules.Keys)}");

    public bool ContainsKey(string key) => _modules.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => _modules.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, T>> GetEnumerator() => _modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    protected override void Describe(IModuleVisitor visitor)
    {
        foreach (var (name, module) in _modules)
        {
            visitor.Visit(name, module);
        }
    }
}
