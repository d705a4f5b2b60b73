using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A field set by the function: how to set it, what it held when the host was asked, and what it now holds.</summary>
internal sealed record Rebound(FieldName Name, ReboundKey Key, ThunkPath Setter, ITensorHandle? Old, Value Value);

/// <summary>The state of one function while it is specialized into one graph.</summary>
internal sealed class Frame
{
    private const int DepthLimit = 200;

    private readonly Value?[] _registers;
    private readonly Value[] _locals;
    private readonly Dictionary<PlaceKey, Place> _places = [];
    private readonly List<Place> _placeOrder = [];
    private readonly List<Rebound> _rebound = [];
    private readonly int _depth;

    public Frame(Specialization session, FunctionDefinition definition, object? self, Frame? caller)
    {
        (Session, Definition, Self, Caller) = (session, definition, self, caller);
        Function = definition.Function;
        Builder = new GraphBuilder(ModuleGraphs.NameOf(Function.Key));
        _registers = new Value?[Function.RegisterCount];
        _locals = [.. Enumerable.Repeat(Value.Null, Function.Locals.Length)];
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

    public GraphBuilder Builder { get; }

    /// <summary>The value of the return statement that ended the function.</summary>
    public Value Returned { get; set; } = Value.Null;

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

    public Value Local(int local) => _locals[local];

    public void SetLocal(int local, Value value) => _locals[local] = value;

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
        HandleKey handle => AddPlace(key, Session.Sources.NameOf(handle.Handle), handle.Handle.Type, InputKind.State),
        ReboundKey rebound => AddPlace(key, "field", rebound.Type, InputKind.State),
        _ => throw Fail("a tensor of another call is used here"),
    };

    /// <summary>The place of this key, if the graph has one already.</summary>
    public Place? FindPlace(PlaceKey key) => _places.GetValueOrDefault(key);

    /// <summary>The type of a tensor value, without making it an input.</summary>
    public TensorType TypeOf(Value value) => value switch
    {
        TensorValue tensor => tensor.Tensor.Type,
        PlaceValue { Key: HandleKey handle } => handle.Handle.Type,
        PlaceValue { Key: ReboundKey rebound } => rebound.Type,
        PlaceValue place => Place(place.Key).Initial.Type,
        _ => throw Fail($"a tensor is needed here, not {value.Describe()}", eager: true),
    };

    /// <summary>The graph value that a tensor has now.</summary>
    public OpValue Tensor(Value value)
    {
        switch (value)
        {
            case TensorValue { ViewOf: { } viewed } tensor when viewed.Version != tensor.Version:
                throw Fail("this is a view of a tensor that has been assigned to since; take the view after the assignment", eager: true);
            case TensorValue tensor:
                return tensor.Tensor;
            case PlaceValue { Key: ReboundKey key } when _rebound.Find(r => r.Key == key) is { } own:
                return Tensor(own.Value);
            case PlaceValue place:
                return Place(place.Key).Current;
            default:
                throw Fail($"a tensor is needed here, not {value.Describe()}", eager: true);
        }
    }

    /// <summary>The result of a view op: it remembers whose storage eager code would share.</summary>
    public TensorValue View(Value of, OpValue result) => of switch
    {
        PlaceValue place when FindPlace(place.Key) is { } viewed => new TensorValue(result, viewed, viewed.Version),
        TensorValue { ViewOf: { } viewed } tensor => new TensorValue(result, viewed, tensor.Version),
        _ => new TensorValue(result),
    };

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

    public void Rebind(FieldName name, ThunkPath setter, ITensorHandle? old, Value value)
    {
        _rebound.RemoveAll(r => r.Name.Equals(name));
        _rebound.Add(new Rebound(name, new ReboundKey(TypeOf(value)), setter, old, value));
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
    /// <param name="eager">Running eagerly would give the result.</param>
    public GraphCompileException Fail(string message, bool eager = false, Exception? inner = null) =>
        new(Source is null ? $"{message} (in {Function.Key})" : message, Source, inner) { EagerIsPossible = eager };

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
        var place = new Place(key, _placeOrder.Count, Builder.Input(name, type, kind));
        _places.Add(key, place);
        _placeOrder.Add(place);
        return place;
    }
}
