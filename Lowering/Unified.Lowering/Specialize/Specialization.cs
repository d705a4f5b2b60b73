using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>What all frames of one specialization share and what bubbles up to the root.</summary>
internal sealed class Specialization
{
    private readonly Dictionary<ThunkPath, object?> _guards = [];
    private readonly List<ThunkPath> _guardOrder = [];
    private readonly Dictionary<Dim, DimRequirement> _requirements = [];

    public ModuleGraphs Graphs { get; } = new();

    public StateSources Sources { get; } = new();

    public ImmutableArray<DimRequirement> Requirements => [.. _requirements.Values];

    /// <summary>The graph is right only while this thunk gives this value.</summary>
    public void Guard(ThunkPath path, object? value)
    {
        if (_guards.TryAdd(path, value))
        {
            _guardOrder.Add(path);
        }
    }

    public ImmutableArray<Guard> Guards()
    {
        foreach (var (path, expected) in Sources.Guards())
        {
            Guard(path, expected);
        }

        return [.. _guardOrder.Select(p => p.Expecting(_guards[p]))];
    }

    public void Require(Dim nonNegative, string message, SourceSpan? source)
    {
        if (!SizeFacts.IsNonNegative(nonNegative))
        {
            _requirements.TryAdd(nonNegative, new DimRequirement(nonNegative, message, source));
        }
    }

    /// <summary>A host object as a value: tensors become places.</summary>
    public Value Wrap(object? value, string name, ThunkPath? path = null)
    {
        switch (value)
        {
            case ITensorHandle handle:
                Sources.Meet(handle, name, path);
                return new PlaceValue(new HandleKey(handle));
            case Dim dim:
                return Size(dim, "int");
            default:
                return new HostValue(value);
        }
    }

    /// <summary>A size as a host number of a C# type: known where it is a constant.</summary>
    public static Value Size(Dim dim, string type) =>
        dim.IsConstant ? new HostValue(HostNumbers.Convert(dim.Value, type)) : new SizeValue(dim, type);
}
