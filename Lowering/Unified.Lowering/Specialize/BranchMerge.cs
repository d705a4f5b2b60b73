using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>One side of a branch, run: its graph and what the frame held at its end.</summary>
/// <param name="Lists">The lists that it has changed, with what they held.</param>
internal sealed record BranchSide(Region Region, FrameState State, ImmutableArray<(AggregateValue List, ListContent Content)> Lists)
{
    /// <summary>What the list holds where this side is taken.</summary>
    public ListContent Content(AggregateValue list) => Lists.FirstOrDefault(c => ReferenceEquals(c.List, list)) is { List: not null } changed ? changed.Content : list.Content;

    /// <summary>The value is computed in the branch; anything else is there without it.</summary>
    public bool Makes(Leaf leaf) => leaf.Value is { } value && Region.Owns(value);
}

/// <summary>
/// Turns the ends of two branches into what the frame holds after them: where they differ, a result of an If node, or a Select where
/// nothing has to be computed for either.
/// </summary>
internal sealed class BranchMerge(Frame frame, OpValue condition, BranchSide then, BranchSide other)
{
    private readonly List<(Leaf Then, Leaf Other)> _pairs = [];
    private readonly List<(int Slot, Func<ImmutableArray<OpValue>, Value> Make)> _slots = [];
    private readonly List<Func<ImmutableArray<OpValue>, Rebound>> _fields = [];
    private readonly List<(AggregateValue List, Func<ImmutableArray<OpValue>, ListContent> Make)> _lists = [];
    private OpValue? _negated;

    private OpValue Negated => _negated ??= frame.Builder.Apply(OpCode.LogicalNot, condition);

    public void Add(int slot) => _slots.Add((slot, Pair(then.State.Slots[slot], other.State.Slots[slot])));

    public void Finish()
    {
        var places = then.State.Places.Keys.Union(other.State.Places.Keys).Where(k => k.IsKnownIn(frame.Region)).Select(key => (Place: frame.Place(key), Pair: PlacePair(key))).ToList();
        var results = Results();
        foreach (var (place, (pair, version)) in places)
        {
            if (pair >= 0)
            {
                place.Reset(results[pair], version);
            }
        }

        // After the places: a view holds for what its tensor is now.
        foreach (var (slot, make) in _slots)
        {
            frame.SetSlot(slot, make(results));
        }

        foreach (var (list, make) in _lists)
        {
            frame.Session.ListChanges.Add((list, list.Content));
            list.Content = make(results);
        }

        foreach (var make in _fields)
        {
            frame.Rebind(make(results));
        }
    }

    // What the list held at the end of the side: changes of it have been undone.
    private static ImmutableArray<Value> ItemsOf(BranchSide side, AggregateValue list) => side.Content(list) is { Torn: { } torn } ? throw torn : side.Content(list).Items;

    /// <summary>A list that one side or both have changed.</summary>
    public void AddList(AggregateValue list)
    {
        if (list.Home is { } home && !frame.Region.IsWithin(home))
        {
            // It was made by one side: the other knows nothing of it.
            return;
        }

        var (a, b) = (then.Content(list), other.Content(list));
        if ((a.Torn ?? b.Torn) is { } torn)
        {
            _lists.Add((list, _ => new ListContent([], torn)));
        }
        else if (a.Items.Length != b.Items.Length)
        {
            var fail = frame.Fail($"a list has {a.Items.Length} or {b.Items.Length} items, depending on a tensor's value; add the same number on all paths", eager: true);
            _lists.Add((list, _ => new ListContent([], fail)));
        }
        else
        {
            var items = a.Items.Zip(b.Items, Pair).ToList();
            _lists.Add((list, r => new ListContent([.. items.Select(i => i(r))], null, a.HasGap || b.HasGap)));
        }
    }

    /// <summary>A field that one side or both have set: the host sets it after the run, where that side was taken.</summary>
    public void AddField(Rebound? whenTrue, Rebound? whenFalse)
    {
        var either = whenTrue ?? whenFalse!;
        var identity = IdentityOf(either);
        if (whenTrue is not null && whenFalse is not null && !Equals(IdentityOf(whenTrue), IdentityOf(whenFalse)))
        {
            throw frame.Fail("a field is set, depending on a tensor's value, to one of several tensors that others hold, too; set it to a new one, such as x * 1f", eager: true);
        }

        var value = Pair(whenTrue?.Value ?? Held(either, then.State), whenFalse?.Value ?? Held(either, other.State));
        var isSet = Pair(whenTrue?.IsSet ?? HostValue.False, whenFalse?.IsSet ?? HostValue.False);
        _fields.Add(r => value(r) is TensorValue tensor
            ? either with { Value = tensor, IsSet = isSet(r), Key = new ReboundKey(tensor.Tensor.Type), Identity = identity }
            : throw frame.Fail("a field is set, under a condition that is a tensor, to a tensor of another type than it holds otherwise", eager: true));
    }

    private static PlaceKey? IdentityOf(Rebound rebound) => rebound.Value is PlaceValue { Key: not ReboundKey and var key } ? key : rebound.Identity;

    // What the field holds where it is not set.
    private Value Held(Rebound set, FrameState state)
    {
        var held = frame.FieldValue(set.Name);
        if (held is null && set is { Old: { } old, Getter: { } getter })
        {
            held = frame.Session.Wrap(old, ModuleGraphs.Identifier(getter.Definition.Function.Thunks[getter.Thunk].Name), getter);
        }

        if (held is not PlaceValue place)
        {
            return held ?? throw frame.Fail("a field that holds null is set under a condition that is a tensor; set it before that", eager: true);
        }

        var met = frame.Place(place.Key);
        var (current, _) = state.Places.GetValueOrDefault(place.Key, (met.Initial, 0));
        return new TensorValue(current);
    }

    /// <summary>The number of the pair, or -1 where the branches did not write to the tensor.</summary>
    private (int Pair, int Version) PlacePair(PlaceKey key)
    {
        var initial = frame.Place(key).Initial;
        var a = then.State.Places.GetValueOrDefault(key, (initial, 0));
        var b = other.State.Places.GetValueOrDefault(key, (initial, 0));
        return ReferenceEquals(a.Item1, b.Item1) ? (-1, 0) : (Pair(new Leaf(a.Item1), new Leaf(b.Item1)), Math.Max(a.Item2, b.Item2) + 1);
    }

    private int Pair(Leaf a, Leaf b)
    {
        _pairs.Add((a, b));
        return _pairs.Count - 1;
    }

    private Func<ImmutableArray<OpValue>, Value> Pair(Value a, Value b)
    {
        if (Leaf.Same(a, b))
        {
            return _ => a;
        }

        if (a is HostValue { Object: bool whenTrue } && b is HostValue { Object: bool })
        {
            return _ => new ScalarValue(whenTrue ? condition : Negated, "bool");
        }

        if (a is UnsetValue || b is UnsetValue)
        {
            return Only(a is UnsetValue ? b : a, a is UnsetValue ? other : then);
        }

        if (a is AggregateValue left && b is AggregateValue right && ItemsOf(then, left) is var ofLeft && ItemsOf(other, right) is var ofRight && ofLeft.Length == ofRight.Length)
        {
            var items = ofLeft.Zip(ofRight, Pair).ToList();
            return r => new AggregateValue([.. items.Select(i => i(r))]) { IsShared = true };
        }

        // A host bool may stand for a tensor, as it does in C#.
        var (m, n) = (Leaf.ScalarType(a), Leaf.ScalarType(b));
        if (Leaf.Of(a, then.State) is { } x && Leaf.Of(b, other.State) is { } y && x.Type == y.Type && (m == n || (m ?? n) == "bool"))
        {
            var pair = Pair(x, y);
            return r => Leaf.AsValue(r[pair], m == n ? m : null) is var made && made is TensorValue tensor ? tensor with { MayBe = [.. frame.HeldByOthers(a).Union(frame.HeldByOthers(b))] } : made;
        }

        return _ => new TornValue(condition, a, b);
    }

    /// <summary>A variable that only one side has set: C# sees to it that no one reads it on other paths.</summary>
    private Func<ImmutableArray<OpValue>, Value> Only(Value value, BranchSide side)
    {
        if (Leaf.Of(value, side.State) is not { } leaf || !side.Makes(leaf))
        {
            if (value is not AggregateValue list)
            {
                return _ => value;
            }

            var items = ItemsOf(side, list).Select(i => Only(i, side)).ToList();
            return r => new AggregateValue([.. items.Select(i => i(r))]) { IsShared = true };
        }

        var zeros = Leaf.Zeros(leaf.Type);
        var pair = ReferenceEquals(side, then) ? Pair(leaf, zeros) : Pair(zeros, leaf);
        return r => Leaf.AsValue(r[pair], Leaf.ScalarType(value));
    }

    private ImmutableArray<OpValue> Results()
    {
        var results = new OpValue[_pairs.Count];
        var made = new List<int>();
        for (var i = 0; i < results.Length; i++)
        {
            if (then.Makes(_pairs[i].Then) || other.Makes(_pairs[i].Other))
            {
                made.Add(i);
            }
            else
            {
                results[i] = frame.Builder.Select(condition, _pairs[i].Then.In(frame.Region), _pairs[i].Other.In(frame.Region));
            }
        }

        if (made.Count == 0)
        {
            return [.. results];
        }

        // The side that has to compute runs under its condition; what it does not give comes from the other side.
        var fromOther = made.Where(i => other.Makes(_pairs[i].Other)).ToList();
        var isThenEmpty = !made.Exists(i => then.Makes(_pairs[i].Then));
        if (isThenEmpty)
        {
            Fill(made, Call(other, Negated, made, i => _pairs[i].Other, i => _pairs[i].Then.In(frame.Region)));
            return [.. results];
        }

        if (fromOther.Count > 0)
        {
            Fill(fromOther, Call(other, Negated, fromOther, i => _pairs[i].Other, i => Leaf.Zeros(_pairs[i].Then.Type).In(frame.Region)));
        }

        Fill(made, Call(then, condition, made, i => _pairs[i].Then, i => results[i] ?? _pairs[i].Other.In(frame.Region)));
        return [.. results];

        void Fill(List<int> pairs, ImmutableArray<OpValue> values)
        {
            for (var n = 0; n < pairs.Count; n++)
            {
                results[pairs[n]] = values[n];
            }
        }
    }

    private ImmutableArray<OpValue> Call(BranchSide side, OpValue guard, List<int> pairs, Func<int, Leaf> give, Func<int, OpValue> otherwise)
    {
        foreach (var pair in pairs)
        {
            side.Region.Builder.Output(give(pair).In(side.Region), OutputKind.Result);
        }

        var graph = frame.Session.Graphs.Share(side.Region.Builder.Build());
        return frame.Builder.If(graph, guard, [.. pairs.Select(otherwise)], [.. side.Region.Taken]);
    }
}
