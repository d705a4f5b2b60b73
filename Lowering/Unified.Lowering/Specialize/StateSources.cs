using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>How each state tensor was reached, and hence how the runtime is to fetch it at each call.</summary>
internal sealed class StateSources
{
    private sealed class Source(string name)
    {
        public string Name { get; } = name;

        public List<ThunkPath> Paths { get; } = [];

        public bool IsFixed { get; set; }

        // One settable field and nothing else leads here: then the field may hold another tensor next time.
        public bool IsFetched => !IsFixed && Paths.Count == 1;
    }

    private readonly Dictionary<ITensorHandle, Source> _sources = new(ReferenceEqualityComparer.Instance);
    private readonly List<ITensorHandle> _order = [];
    private readonly List<ITensorHandle> _encountered = [];

    /// <summary>How often a tensor was reached or asked for, so far.</summary>
    public int Encounters => _encountered.Count;

    /// <summary>Reached by fields that cannot change when <paramref name="path"/> is null, else by this thunk.</summary>
    public void Meet(ITensorHandle handle, string name, ThunkPath? path)
    {
        Encounter(handle);
        if (!_sources.TryGetValue(handle, out var source))
        {
            _sources.Add(handle, source = new Source(name));
            _order.Add(handle);
        }

        if (path is null)
        {
            source.IsFixed = true;
        }
        else if (!source.Paths.Contains(path))
        {
            source.Paths.Add(path);
        }
    }

    /// <summary>From now on the graph is right for this very tensor only: something was looked up by it.</summary>
    public void Pin(ITensorHandle handle)
    {
        Encounter(handle);
        if (_sources.TryGetValue(handle, out var source))
        {
            source.IsFixed = true;
        }
    }

    /// <summary>Code reaches this tensor by itself, or asks which one it is.</summary>
    public void Encounter(ITensorHandle handle) => _encountered.Add(handle);

    public ImmutableArray<ITensorHandle> EncounteredSince(int count) => [.. _encountered.Skip(count).Distinct(ReferenceEqualityComparer.Instance).Cast<ITensorHandle>()];

    public string NameOf(ITensorHandle handle) => _sources.TryGetValue(handle, out var source) ? source.Name : "state";

    public InputBinding BindingOf(ITensorHandle handle) =>
        _sources.TryGetValue(handle, out var source) && source.IsFetched
            ? new ThunkBinding(source.Paths[0].Definition, source.Paths[0].Thunk, source.Paths[0].Self, source.Paths[0].Arguments)
            : new TensorBinding(handle);

    /// <summary>Two ways to one tensor were treated as one, so both must still lead to it.</summary>
    public IEnumerable<(ThunkPath Path, object? Expected)> Guards() =>
        _order.Where(h => !_sources[h].IsFetched).SelectMany(h => _sources[h].Paths.Select(p => (p, (object?)h)));
}
