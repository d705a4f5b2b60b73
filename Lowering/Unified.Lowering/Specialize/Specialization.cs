using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>What all frames of one specialization share and what bubbles up to the root.</summary>
internal sealed class Specialization
{
    private const string ScalarPrefix = "__scalar";

    private readonly Dictionary<ThunkPath, object?> _guards = [];
    private readonly List<ThunkPath> _guardOrder = [];
    private readonly HashSet<ThunkPath> _lateGuards = [];
    private readonly List<ThunkPath> _exceptions = [];
    private readonly Dictionary<Dim, DimRequirement> _requirements = [];
    private readonly Dictionary<OpValue, string> _scalarNames = new(ReferenceEqualityComparer.Instance);

    public ModuleGraphs Graphs { get; } = new();

    /// <summary>The way to the user's code and objects.</summary>
    public HostCalls Host { get; init; } = new(recorder: null);

    /// <summary>The exceptions that paths may leave with; they are numbered from 1.</summary>
    public IReadOnlyList<ThunkPath> Exceptions => _exceptions;

    /// <summary>The methods with <c>[Eager]</c> that are called, by their numbers.</summary>
    public List<HostCall> HostCalls { get; } = [];

    /// <summary>There is a try statement.</summary>
    public bool HasTry { get; set; }

    /// <summary>One of them is called in a loop of the graph.</summary>
    public bool CallsHostInLoop { get; set; }

    /// <summary>The policy of mixed precision that ops are under.</summary>
    public PrecisionPolicy Precision { get; set; } = PrecisionPolicy.None;

    /// <summary>The policy that the whole function is called under, which is in force when it runs, too.</summary>
    public PrecisionPolicy Ambient { get; init; } = PrecisionPolicy.None;

    /// <summary>How many functions of one example, each within the one before, are being run.</summary>
    public int Maps { get; set; }

    /// <summary>Long loops may become loops of the graph.</summary>
    public bool RollsLoops { get; init; } = true;

    /// <summary>Conditions whose paths stay apart.</summary>
    public int Forks { get; set; }

    /// <summary>How many have.</summary>
    public int RolledLoops { get; set; }

    /// <summary>One of them runs as often as sizes that are not known yet say, or adds to lists.</summary>
    public bool HasSequenceLoops { get; set; }

    /// <summary>Tensors whose fields hold longer ones at each call, with named axes.</summary>
    public ImmutableDictionary<ITensorHandle, TensorType> Growing { get; init; } = ImmutableDictionary<ITensorHandle, TensorType>.Empty;

    public TensorType TypeOf(ITensorHandle handle) => Growing.TryGetValue(handle, out var type) ? type : handle.Type;

    /// <summary>Every change of a list, with what it held before.</summary>
    public List<(AggregateValue List, ListContent Before)> ListChanges { get; } = [];

    /// <summary>What turns of loops add to lists, of the innermost loop last.</summary>
    public Stack<TurnLists> Turns { get; } = [];

    public StateSources Sources { get; } = new();

    public CallMemo Calls { get; } = new();

    public ImmutableArray<DimRequirement> Requirements => [.. _requirements.Values];

    /// <summary>The graph is right only while this thunk gives this value.</summary>
    public void Guard(ThunkPath path, object? value)
    {
        if (_guards.TryAdd(path, value))
        {
            _guardOrder.Add(path);
        }

        if (HostCalls.Count > 0)
        {
            _lateGuards.Add(path);
        }
    }

    public int NumberOf(ThunkPath exception)
    {
        if (!_exceptions.Contains(exception))
        {
            _exceptions.Add(exception);
        }

        return _exceptions.IndexOf(exception) + 1;
    }

    public ImmutableArray<Guard> Guards()
    {
        foreach (var (path, expected) in Sources.Guards())
        {
            Guard(path, expected);
        }

        return [.. _guardOrder.Select(p => p.Expecting(_guards[p]) with { IsLate = _lateGuards.Contains(p) })];
    }

    public void Require(Dim nonNegative, string message, SourceSpan? source)
    {
        if (!SizeFacts.IsNonNegative(nonNegative))
        {
            _requirements.TryAdd(nonNegative, new DimRequirement(nonNegative, message, source));
        }
    }

    public ImmutableDictionary<Dim, DimRequirement> SaveRequirements() => _requirements.ToImmutableDictionary();

    public void RestoreRequirements(ImmutableDictionary<Dim, DimRequirement> saved)
    {
        foreach (var added in _requirements.Keys.Where(d => !saved.ContainsKey(d)).ToList())
        {
            _requirements.Remove(added);
        }
    }

    /// <summary>The name stands for a whole number of the graph, not for a size.</summary>
    public static bool IsScalarName(string name) => name.StartsWith(ScalarPrefix, StringComparison.Ordinal);

    /// <summary>A whole number of the graph as a polynomial over those that are known no further: two may differ by a constant.</summary>
    public Dim FormOf(ScalarValue scalar)
    {
        if (scalar.Form is { } form)
        {
            return form;
        }

        if (!_scalarNames.TryGetValue(scalar.Tensor, out var name))
        {
            _scalarNames.Add(scalar.Tensor, name = $"{ScalarPrefix}{_scalarNames.Count}");
        }

        return Dim.Named(name);
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
