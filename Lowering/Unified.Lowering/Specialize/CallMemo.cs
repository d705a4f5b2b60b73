using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Callees that have been specialized already. An optimizer calls one update for each parameter: only the first is run, the others are
/// the same graph on other tensors.
/// </summary>
internal sealed class CallMemo
{
    private readonly Dictionary<CallSignature, Entry> _entries = [];

    /// <summary>What the same call came to before, in terms of the tensors of this one; null if there was none.</summary>
    public CalledGraph? Find(CallSignature signature, ImmutableArray<PlaceKey?> keys, StateSources sources)
    {
        // A tensor that the callee also reaches by itself would be two inputs here and one there.
        if (!_entries.TryGetValue(signature, out var entry) || keys.Any(k => IsAmong(k, entry.Encountered)))
        {
            return null;
        }

        foreach (var handle in entry.Encountered)
        {
            sources.Encounter(handle);
        }

        return entry.Called with
        {
            Inputs = [.. entry.Called.Inputs.Select(Renamed)],
            Assigned = [.. entry.Called.Assigned.Select(a => (Renamed(a.Place), a.Output))],
            Result = RenamedValue(entry.Called.Result),
        };

        PlaceKey Renamed(PlaceKey key) => entry.Keys.IndexOf(key) is >= 0 and var index ? keys[index]! : key;

        Value RenamedValue(Value value) => value switch
        {
            PlaceValue place => new PlaceValue(Renamed(place.Key)),
            AggregateValue list => new AggregateValue([.. list.Items.Select(RenamedValue)]),
            _ => value,
        };
    }

    public void Clear() => _entries.Clear();

    /// <summary>Remembers a call, unless it depends on more than its signature says.</summary>
    /// <param name="encountered">The tensors that the callee reached or asked for by itself.</param>
    public void Add(CallSignature signature, ImmutableArray<PlaceKey?> keys, CalledGraph called, ImmutableArray<ITensorHandle> encountered)
    {
        if (called.Rebound.IsEmpty && called.Thrown == Throws.None && !keys.Any(k => IsAmong(k, encountered)))
        {
            _entries[signature] = new Entry(keys, called, encountered);
        }
    }

    private static bool IsAmong(PlaceKey? key, ImmutableArray<ITensorHandle> handles) => key is HandleKey handle && handles.Any(h => ReferenceEquals(h, handle.Handle));

    private sealed record Entry(ImmutableArray<PlaceKey?> Keys, CalledGraph Called, ImmutableArray<ITensorHandle> Encountered);
}

/// <summary>A callee, its receiver, and for each argument the host value or the type of the tensor, and which argument it is the same tensor as.</summary>
internal sealed class CallSignature : IEquatable<CallSignature>
{
    private readonly FunctionDefinition _definition;
    private readonly object? _receiver;
    private readonly PrecisionPolicy _precision;
    private readonly ImmutableArray<object?> _arguments;

    private CallSignature(FunctionDefinition definition, object? receiver, PrecisionPolicy precision, ImmutableArray<object?> arguments) =>
        (_definition, _receiver, _precision, _arguments) = (definition, receiver, precision, arguments);

    /// <summary>The signature of a call; null where what it comes to may depend on more: on fields set before it, on lists, on numbers of the graph.</summary>
    public static CallSignature? Of(Frame caller, FunctionDefinition definition, object? receiver, ImmutableArray<Value> arguments)
    {
        if (caller.HasFieldsSet)
        {
            return null;
        }

        var parts = ImmutableArray.CreateBuilder<object?>(2 * arguments.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case HostValue host:
                    parts.Add(null);
                    parts.Add(host.Object);
                    break;
                case TensorValue or PlaceValue:
                    parts.Add(caller.TypeOf(arguments[i]));
                    parts.Add(arguments.IndexOf(arguments[i]));
                    break;
                default:
                    return null;
            }
        }

        return new CallSignature(definition, receiver, caller.Session.Precision, parts.MoveToImmutable());
    }

    public bool Equals(CallSignature? other) =>
        other is not null && ReferenceEquals(_definition, other._definition) && ReferenceEquals(_receiver, other._receiver) && _precision == other._precision
        && _arguments.Length == other._arguments.Length
        && _arguments.Zip(other._arguments).All(p => p.First is TensorType type ? type.Equals(p.Second) : ThunkPath.Same(p.First, p.Second));

    public override bool Equals(object? obj) => Equals(obj as CallSignature);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(_definition.Function.Key);
        foreach (var argument in _arguments)
        {
            if (argument is TensorType or System.ValueType)
            {
                hash.Add(argument);
            }
        }

        return hash.ToHashCode();
    }
}
