using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A field set by the function: how to set it, what it held when the host was asked, and what it now holds.</summary>
internal sealed record Rebound(FieldName Name, ReboundKey Key, ThunkPath Setter, ITensorHandle? Old, Value Value)
{
    /// <summary>The thunk that reads the field; null where there is none.</summary>
    public ThunkPath? Getter { get; init; }

    /// <summary>A bool: whether it is set, on the path that is taken.</summary>
    public Value IsSet { get; init; } = HostValue.True;

    /// <summary>Where it depends on a tensor whether it is set: the argument or state that it is set to, if it is one.</summary>
    public PlaceKey? Identity { get; init; }
}

/// <summary>The state of one function while it is specialized into one graph.</summary>
internal sealed class Frame
{
    private const int DepthLimit = 200;

    private readonly Value?[] _registers;
    private readonly Value[] _slots;
    private readonly Region _root;
    private readonly Dictionary<PlaceKey, Place> _places = [];
    private readonly List<Place> _placeOrder = [];
    private readonly List<Rebound> _rebound = [];
    private readonly int _depth;
    private Region _region;

    public Frame(Specialization session, FunctionDefinition definition, object? self, Frame? caller)
    {
        (Session, Definition, Self, Caller) = (session, definition, self, caller);
        Function = definition.Function;
        _root = _region = new Region(new GraphBuilder(ModuleGraphs.NameOf(Function.Key)), outer: null);
        _registers = new Value?[Function.RegisterCount + 3];
        _slots = [.. Enumerable.Repeat(Value.Unset, Function.Locals.Length + Enum.GetValues<Exit>().Length)];
        (this[Exit.Returned], this[Exit.Broken], this[Exit.Continued]) = (HostValue.False, HostValue.False, HostValue.False);
        this[Exit.Thrown] = Throws.None;
        _depth = caller is null ? 0 : caller._depth + 1;
        if (_depth > DepthLimit)
        {
            throw caller!.Fail($"calls of static graphs nest deeper than {DepthLimit}; a recursion must end on a host condition", eager: true);
        }

        Source = Function.Source;
    }

    public Specialization Session { get; }

    public FunctionDefinition Definition { get; }

    public Function Function { get; }

    public object? Self { get; }

    public Frame? Caller { get; }

    /// <summary>The graph that nodes are added to: the function's, or that of the branch or loop at hand.</summary>
    public GraphBuilder Builder => _region.Builder;

    public Region Region => _region;

    /// <summary>The value of the return statement that ended the function.</summary>
    public Value Returned
    {
        get => this[Exit.Result] is UnsetValue ? Value.Null : this[Exit.Result];
        set => this[Exit.Result] = value;
    }

    /// <summary>What the block at hand is given: one example of each input of a Vmap, or a cotangent.</summary>
    public ImmutableArray<OpValue> Examples { get; set; } = [];

    /// <summary>Named dims of the declared shapes and what they are in this call.</summary>
    public Dictionary<string, Dim> DeclaredDims { get; } = new(StringComparer.Ordinal);

    /// <summary>In the order of the graph's inputs.</summary>
    public IReadOnlyList<Place> Places => _placeOrder;

    public IReadOnlyList<Rebound> ReboundFields => _rebound;

    /// <summary>The expression being specialized; new nodes carry it.</summary>
    public SourceSpan? Source
    {
        get;
        set => Builder.Source = field = value;
    }

    public Value this[int register]
    {
        get => _registers[register] ?? throw Fail($"register {register} of {Function.Key} is read before it is set");
        set => _registers[register] = value;
    }

    /// <summary>Registers that no instruction of the function uses, for some that are made here. Each is read right after it is set.</summary>
    public (int First, int Second, int Third) SpareRegisters => (Function.RegisterCount, Function.RegisterCount + 1, Function.RegisterCount + 2);

    public Value this[Exit exit]
    {
        get => _slots[SlotOf(exit)];
        set => _slots[SlotOf(exit)] = value;
    }

    public Value Local(int local) => _slots[local];

    public void SetLocal(int local, Value value) => _slots[local] = value;

    /// <summary>The slot of a local (its number) or of an exit (<see cref="SlotOf"/>).</summary>
    public Value Slot(int slot) => _slots[slot];

    public void SetSlot(int slot, Value value) => _slots[slot] = value;

    public int SlotCount => _slots.Length;

    public int SlotOf(Exit exit) => Function.Locals.Length + (int)exit;

    /// <summary>What is specialized now runs, if at all, under a condition that is a tensor.</summary>
    public bool IsConditional => !ReferenceEquals(_region, _root) || (Caller?.IsConditional ?? false);

    /// <summary>The functions that are being run in place, the innermost first.</summary>
    public Stack<InlineInstruction> Inlined { get; } = [];

    public Value?[] SaveRegisters() => [.. _registers];

    public void RestoreRegisters(Value?[] saved) => saved.CopyTo(_registers, 0);

    /// <summary>How many bodies of try statements are being run.</summary>
    public int Guarded { get; set; }

    /// <summary>An exception thrown now is caught, or passes a finally block, here or in a caller.</summary>
    public bool IsGuarded => Guarded > 0 || (Caller?.IsGuarded ?? false);

    /// <summary>A field has been set already, here or by a caller.</summary>
    public bool HasFieldsSet => _rebound.Count > 0 || (Caller?.HasFieldsSet ?? false);

    /// <summary>Something may have been written already, here or by a caller: eager code has then changed it before it throws.</summary>
    public bool HasEffects => (Caller is null && !Function.HandedBack.IsEmpty) || _rebound.Count > 0 || _placeOrder.Exists(p => p.IsWritten) || Guarded > 0 || (Caller?.HasEffects ?? false);

    /// <summary>Begins a graph that runs under a condition; nodes are added to it until <see cref="Leave"/>.</summary>
    public Region Enter(string name, bool isLoop = false)
    {
        _region = new Region(new GraphBuilder($"{_root.Builder.Name}_{name}") { Source = Source }, _region) { IsLoop = isLoop };
        return _region;
    }

    public void Leave()
    {
        _region = _region.Outer ?? throw new InvalidOperationException("the function's own graph cannot be left");
        Builder.Source = Source;
    }

    public FrameState Save() => new([.. _slots], _places.ToImmutableDictionary(p => p.Key, p => (p.Value.Current, p.Value.Version)), [.. _rebound]);

    /// <summary>Goes back to a state from before a branch. Tensors met since keep the value they came in with.</summary>
    public void Restore(FrameState state)
    {
        state.Slots.CopyTo(_slots);
        foreach (var (key, place) in _places)
        {
            var (current, version) = state.Places.GetValueOrDefault(key, (place.Initial, 0));
            place.Reset(current, version);
        }
    }

    /// <summary>Goes back to a state and the graph that was under construction then, fields set since included.</summary>
    public void Return(FrameState state, Region region)
    {
        Restore(state);
        _rebound.Clear();
        _rebound.AddRange(state.Rebound);
        _region = region;
        Builder.Source = Source;
    }

    /// <summary>A field cannot be set in a loop: the host sets it after the graph has run.</summary>
    public void CheckNoFieldSet(FrameState before)
    {
        if (!_rebound.SequenceEqual(before.Rebound))
        {
            throw Fail("a tensor field is set in a loop of the graph; keep the tensor in a variable and set the field after the loop", eager: true);
        }
    }

    /// <summary>An input for an argument, unless this tensor already has one.</summary>
    public void AddArgument(PlaceKey key, string name, TensorType type)
    {
        if (!_places.ContainsKey(key))
        {
            AddPlace(key, name, type, InputKind.Argument);
        }
    }

    /// <summary>The place of a keyed tensor in this graph. State becomes an input when it is first met.</summary>
    public Place Place(PlaceKey key) => _places.TryGetValue(key, out var place) ? place : key switch
    {
        HandleKey handle => AddPlace(key, Session.Sources.NameOf(handle.Handle), Session.TypeOf(handle.Handle), InputKind.State),
        ReboundKey rebound => AddPlace(key, "field", rebound.Type, InputKind.State),
        _ => throw Fail("a tensor of another call is used here"),
    };

    /// <summary>The place of this key, if the graph has one already.</summary>
    public Place? FindPlace(PlaceKey key) => _places.GetValueOrDefault(key);

    /// <summary>The type of a tensor value, without making it an input.</summary>
    public TensorType TypeOf(Value value) => value switch
    {
        TensorValue tensor => tensor.Tensor.Type,
        PlaceValue { Key: HandleKey handle } => Session.TypeOf(handle.Handle),
        PlaceValue { Key: ReboundKey rebound } => rebound.Type,
        PlaceValue place => Place(place.Key).Initial.Type,
        _ => throw Fail($"a tensor is needed here, not {value.Describe()}", eager: true),
    };

    /// <summary>The graph value that a tensor has now.</summary>
    public OpValue Tensor(Value value)
    {
        switch (value)
        {
            case TensorValue { IsDisposed: true }:
                throw Fail("a tensor is used after it was disposed of", eager: true);
            case TensorValue tensor:
                CheckKnown(tensor);
                return _region.Import(tensor.Key is { } written ? _places[written].Current : tensor.Tensor);
            case PlaceValue { Key: ReboundKey key } when _rebound.Find(r => r.Key == key) is { } own:
                return Tensor(own.Value);
            case PlaceValue place:
                return _region.Import(Place(place.Key).Current);
            case HostValue { Object: bool flag }:
                return Builder.Scalar(DType.Bool, flag ? 1 : 0);
            case ScalarValue { Type: "bool" } scalar:
                return _region.Import(scalar.Tensor);
            default:
                throw Fail($"a tensor is needed here, not {value.Describe()}", eager: true);
        }
    }

    /// <summary>What it holds is known: none of the tensors that it may be has been written to since, or what was written is the same.</summary>
    public void CheckKnown(TensorValue tensor)
    {
        if (tensor.MayBe.Any(o => VersionOf(o.Tensor) != o.Version && !ReferenceEquals(Current(o.Tensor), tensor.Tensor)))
        {
            throw Fail("a tensor that is one of several, depending on a tensor's value, is used after one of them was written to; write to a copy of it, such as x * 1f", eager: true);
        }
    }

    /// <summary>The tensors that a value is, as far as others hold them, and how often each has been written to.</summary>
    public ImmutableArray<(Value Tensor, int Version)> HeldByOthers(Value value) => value switch
    {
        PlaceValue => [(value, VersionOf(value))],
        TensorValue { Home: { } home } when _region.IsWithin(home) => [(value, VersionOf(value))],
        TensorValue merged => merged.MayBe,
        _ => [],
    };

    private OpValue? Current(Value tensor) => tensor switch
    {
        PlaceValue { Key: ReboundKey key } when _rebound.Find(r => r.Key == key) is { } own => Current(own.Value),
        PlaceValue place => _places.TryGetValue(place.Key, out var known) ? known.Current : null,
        TensorValue computed => computed.Key is { } written ? _places[written].Current : computed.Tensor,
        _ => null,
    };

    /// <summary>How often a tensor has been written to.</summary>
    public int VersionOf(Value tensor) => tensor switch
    {
        PlaceValue { Key: ReboundKey key } when _rebound.Find(r => r.Key == key) is { } own => VersionOf(own.Value),
        PlaceValue place => _places.TryGetValue(place.Key, out var known) ? known.Version : 0,
        TensorValue { Key: { } written } => _places[written].Version,
        _ => 0,
    };

    /// <summary>A tensor that is computed here and now.</summary>
    public TensorValue New(OpValue value) => new(value) { Home = _region };

    /// <summary>Overwrites a tensor: every variable, list and field that holds it sees the new value, and what was computed from the old one stays.</summary>
    public void Write(Value target, OpValue value)
    {
        if (target is PlaceValue { Key: ReboundKey key } && _rebound.Find(r => r.Key == key) is { } own)
        {
            Write(own.Value, value);
            return;
        }

        var place = target switch
        {
            PlaceValue known => Place(known.Key),
            TensorValue { Key: { } written } => _places[written],
            TensorValue { Home: { } home } computed => Keep(computed, home),
            _ => throw Fail(
                $"what is written to is {target.Describe()} that may be one of several, depending on a tensor's value or the turn of a loop; write to each where it is made", eager: true),
        };
        if (place.Initial.Type != value.Type)
        {
            throw Fail($"Assign: the target is {place.Initial.Type}, the value is {value.Type}; dtype and shape must be the same");
        }

        place.Write(value);
    }

    // From now on the tensor has a value that changes.
    private Place Keep(TensorValue computed, Region home)
    {
        var key = new LocalKey(home);
        computed.Key = key;
        return _places[key] = new Place(key, -1, computed.Tensor);
    }

    /// <summary>What a field holds after this function, or a caller, has set it; null where none has.</summary>
    public Value? FieldValue(FieldName name)
    {
        if (_rebound.Find(r => r.Name.Equals(name)) is { } own)
        {
            return own.Value;
        }

        for (var frame = Caller; frame is not null; frame = frame.Caller)
        {
            if (frame._rebound.Find(r => r.Name.Equals(name)) is { } outer)
            {
                return new PlaceValue(outer.Key);
            }
        }

        return null;
    }

    public void Rebind(FieldName name, ThunkPath setter, ThunkPath? getter, ITensorHandle? old, Value value) =>
        Rebind(new Rebound(name, new ReboundKey(TypeOf(value)), setter, old, value) { Getter = getter });

    public void Rebind(Rebound rebound)
    {
        _rebound.RemoveAll(r => r.Name.Equals(rebound.Name));
        _rebound.Add(rebound);
    }

    /// <summary>A field that held this tensor has been set since, here or by a caller.</summary>
    public bool IsOutdated(ITensorHandle handle) =>
        _rebound.Any(r => ReferenceEquals(r.Old, handle)) || (Caller?.IsOutdated(handle) ?? false);

    /// <summary>A condition of the graph on its sizes.</summary>
    /// <exception cref="GraphCompileException">It can never hold.</exception>
    public void Require(Dim nonNegative, string message)
    {
        if (SizeFacts.IsNegative(nonNegative))
        {
            throw Fail(message);
        }

        Session.Require(nonNegative, message, Source);
    }

    /// <summary>An error at the expression being specialized.</summary>
    /// <param name="eager">
    /// Running eagerly would give the result. Under a condition that is a tensor it always may, and once something has been written, what eager
    /// code has changed when it throws is changed by nothing else.
    /// </param>
    public GraphCompileException Fail(string message, bool eager = false, Exception? inner = null) =>
        new(Source is null ? $"{message} (in {Function.Key})" : message, Source, inner)
        {
            EagerIsPossible = eager || IsConditional || HasEffects,
            IsOfThisCall = !eager && !IsConditional && HasEffects,
        };

    /// <summary>Host code here needs sizes as numbers.</summary>
    public SymbolicDimException NeedsConstants(IEnumerable<string> names, string who)
    {
        var list = names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToImmutableArray();
        var dims = string.Join(", ", list.Select(n => $"'{n}'"));
        return new SymbolicDimException(
            $"{who} needs the value of dim {dims}, which is symbolic; the function has to be compiled for each value of it", list, Source);
    }

    private Place AddPlace(PlaceKey key, string name, TensorType type, InputKind kind)
    {
        var place = new Place(key, _placeOrder.Count, _root.Builder.Input(name, type, kind));
        _places.Add(key, place);
        _placeOrder.Add(place);
        return place;
    }
}
