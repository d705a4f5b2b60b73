using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Turns a loop whose condition is a tensor into a While node: its body is run once, with inputs in place of the variables and tensors that it
/// changes. What those are is found by running it, again when one was missed.
/// </summary>
internal sealed class TensorLoops
{
    // Each try finds at least one more thing that changes; a body that needs more is not understood.
    private const int MostTries = 16;

    private readonly Frame _frame;
    private readonly LoopInstruction _step;
    private readonly SortedSet<int> _slots;
    private readonly HashSet<PlaceKey> _places = [];
    private readonly Dictionary<int, Leaf> _firstValues = [];

    // Tensors that a variable (its slot, and which of its leaves) may be another name of: before the first turn, and at the end of each.
    private readonly Names _atFirst = [], _atEnd = [];
    private readonly bool _runsOnce;

    // Lists that every turn adds one tensor to; how many turns there are, and how a turn's number comes from a variable.
    private readonly List<(AggregateValue List, TensorType Row)> _collected = [];
    private TurnCount? _turns;
    private Dim? _knownTurns;

    private TensorLoops(Frame frame, LoopInstruction step, bool runsOnce)
    {
        (_frame, _step, _runsOnce) = (frame, step, runsOnce);
        var uses = LocalUses.Of(step.Condition.Instructions.Concat(step.Body.Instructions).Concat(step.Step.Instructions));
        Inside = uses;
        _slots = [.. uses.Written.Where(l => uses.IsWantedLater(l, frame.Function))];
    }

    private LocalUses Inside { get; }

    /// <summary>Runs the loop from where its condition has this value for the first time.</summary>
    public static Flow Run(Frame frame, LoopInstruction step, OpValue condition) => Run(frame, new TensorLoops(frame, step, runsOnce: false), condition);

    /// <summary>Runs a loop that the host could run, and whose condition holds at first.</summary>
    public static Flow Roll(Frame frame, LoopInstruction step) => Run(frame, new TensorLoops(frame, step, runsOnce: true), frame.Builder.Scalar(DType.Bool, 1));

    private static Flow Run(Frame frame, TensorLoops loop, OpValue condition)
    {
        for (var i = 0; i < MostTries; i++)
        {
            if (loop.Try(condition))
            {
                return frame[Exit.Returned] == HostValue.False ? Flow.Next : Flow.Partial;
            }
        }

        throw frame.Fail("the loop ends on a tensor's value and changes too much from turn to turn to be one graph", eager: true);
    }

    /// <summary>Something that goes around the loop: where it comes from, its parts that are tensors or numbers, and how it is put together again.</summary>
    private sealed record Carried(Value Value, ImmutableArray<Leaf> Leaves, Func<ImmutableArray<OpValue>, Names, Value> Make);

    private sealed class Names : Dictionary<(int Slot, int Leaf), HashSet<Value>>;

    private bool Try(OpValue condition)
    {
        ImmutableArray<ListContent> contents = [.. _collected.Select(c => c.List.Content)];
        var lists = _collected.ConvertAll(c => c.List);
        try
        {
            return Try(condition, lists);
        }
        finally
        {
            for (var i = 0; i < contents.Length; i++)
            {
                // Where it has become a loop, they have.
                lists[i].Content = lists[i].Content.Rows is null ? contents[i] : lists[i].Content;
            }
        }
    }

    private bool Try(OpValue condition, List<AggregateValue> lists)
    {
        var before = _frame.Save();
        var slots = _slots.Select(s => (Slot: s, Carried: Carry(s))).Where(p => p.Carried is not null).Select(p => (p.Slot, Carried: p.Carried!)).ToList();
        var places = _places.Select(k => (Key: k, First: _frame.Place(k).Current)).ToList();
        var region = _frame.Enter("loop", isLoop: true);
        var inputs = Inputs(region, slots.SelectMany(s => s.Carried.Leaves).Select(l => l.Type).Concat(places.Select(p => p.First.Type)));
        var next = 0;
        foreach (var (key, _) in places)
        {
            _frame.Place(key).Write(inputs[^(places.Count - next++)]);
        }

        next = 0;
        foreach (var (slot, carried) in slots)
        {
            _frame.SetSlot(slot, carried.Make(inputs.Slice(next, carried.Leaves.Length), Both()));
            next += carried.Leaves.Length;
        }

        var counters = slots.Select(s => (s.Slot, s.Carried.Value, InTurn: _frame.Slot(s.Slot) as ScalarValue)).Where(c => c.InTurn is { Type: "int" or "long" })
            .Select(c => (c.Slot, c.Value, c.InTurn!)).ToList();

        // A turn begins only on paths that have not left.
        _frame[Exit.Returned] = HostValue.False;
        var head = _frame.Save();
        foreach (var list in lists)
        {
            list.Content = TurnLists.Growing(_frame);
        }

        var rows = _collected.ConvertAll(c => (OpValue)region.Builder.Input("rows", RowsOf(c.Row), InputKind.Argument));
        var turn = new TurnLists(region);
        _frame.Session.Turns.Push(turn);
        _turns = null;
        try
        {
            Turn(counters);
        }
        finally
        {
            _frame.Session.Turns.Pop();
            foreach (var (list, _) in turn.Added.Where(a => !lists.Contains(a.List)))
            {
                list.Content = new([], null);
            }
        }

        var foundLists = FoundLists(turn.Added);
        _frame.CheckNoFieldSet(before);
        var after = _frame.Save();
        var goesOn = after.Slots[_frame.SlotOf(Exit.GoesOn)];
        var foundNames = slots.Select(s => FoundNames(_atEnd, s.Slot, [.. Parts(s.Carried.Value, after.Slots[s.Slot])], region.Outer!)).ToList().Contains(true);
        _frame.Leave();
        _frame.Restore(before);
        if (FoundMore(head, after) || foundNames || foundLists)
        {
            return false;
        }

        if (goesOn is HostValue { Object: true })
        {
            throw _frame.Fail("the loop has no end", eager: true);
        }

        var counter = counters.Find(c => c.Slot == _turns?.Slot).Item3;
        ImmutableArray<OpValue> grown =
        [
            .. turn.Added.Select((a, i) => region.Builder.Apply(
                OpCode.IndexAdd, rows[i], _turns!.NumberOf(region.Builder, region.Import(counter!.Tensor)), region.Import(a.Row.Tensor))),
        ];
        Emit(condition, region, goesOn, slots, places, after, turn.Added, grown);
        return true;
    }

    /// <summary>Whether the turn adds to lists that were not thought of yet. All turns must do it, and how many there are must be known.</summary>
    private bool FoundLists(IReadOnlyList<(AggregateValue List, TensorValue Row)> added)
    {
        if (added.Count > 0 && (_turns is null || added.Any(a => a.Row.Key is not null || a.Row.Tensor.Shape.SelectMany(d => d.Names()).Any(Specialization.IsScalarName))))
        {
            throw _frame.Fail("a list is changed in a loop of the graph; change it before or after that", eager: true);
        }

        var now = added.Select(a => (a.List, a.Row.Tensor.Type)).ToList();
        var isNew = !now.SequenceEqual(_collected) || (added.Count > 0 && _knownTurns != _turns!.Turns);
        _knownTurns = _turns?.Turns;
        _collected.Clear();
        _collected.AddRange(now);
        return isNew;
    }

    private TensorType RowsOf(TensorType row) => row with { Shape = new Shape([_knownTurns!, .. row.Shape.Dims]) };

    private static ImmutableArray<OpValue> Inputs(Region region, IEnumerable<TensorType> types) =>
        [.. types.Select((t, i) => (OpValue)region.Builder.Input($"c{i}", t, InputKind.Argument))];

    private Value First(int slot) => _firstValues.TryGetValue(slot, out var zeros)
        ? new TensorValue(zeros.In(_frame.Region))
        : _frame.Slot(slot);

    private void Turn(List<(int Slot, Value First, ScalarValue InTurn)> counters)
    {
        (_frame[Exit.Broken], _frame[Exit.Continued], _frame[Exit.GoesOn]) = (HostValue.False, HostValue.False, HostValue.False);
        var flow = Interpreter.Run(_frame, _step.Body);
        _frame[Exit.Continued] = HostValue.False;
        var isWhole = flow is Flow.Next or Flow.Continue;
        if (isWhole || (flow == Flow.Partial && _frame[Exit.Broken] == HostValue.False && _frame[Exit.Returned] == HostValue.False))
        {
            Advance();
            _turns = isWhole ? TurnCount.Of(_frame, _step.Condition, counters) : null;
        }
        else if (flow == Flow.Partial)
        {
            Branches.GoOn(_frame, _step.Step.Instructions.AddRange(_step.Condition.Instructions), Advance);
        }
    }

    private Flow Advance()
    {
        Interpreter.Run(_frame, _step.Step);
        var condition = Interpreter.Yield(_frame, _step.Condition);
        _frame[Exit.GoesOn] = TensorConditions.TryRead(_frame, condition) is { } tensor ? new ScalarValue(tensor, "bool")
            : condition is HostValue { Object: bool } ? condition
            : throw _frame.Fail($"a loop's condition is first a tensor and then {condition.Describe()}", eager: true);
        return Flow.Next;
    }

    /// <summary>The variable's value as leaves; null when it has none, and so has to stay as it is.</summary>
    private Carried? Carry(int slot)
    {
        var first = First(slot);
        FoundNames(_atFirst, slot, [.. Parts(first, first)], _frame.Region);
        var leaf = 0;
        return Carry(first, slot, ref leaf);
    }

    private Carried? Carry(Value value, int slot, ref int leaf)
    {
        if (value is AggregateValue list)
        {
            var items = new List<Carried>();
            foreach (var item in list.Items)
            {
                items.Add(Carry(item, slot, ref leaf) ?? new Carried(item, [], (_, _) => item));
            }

            return new Carried(value, [.. items.SelectMany(i => i.Leaves)], (r, names) =>
            {
                var at = 0;
                return new AggregateValue([.. items.Select(i => i.Make(r.Slice((at += i.Leaves.Length) - i.Leaves.Length, i.Leaves.Length), names))]) { IsShared = true };
            });
        }

        var key = (slot, leaf++);
        return Leaf.Of(value, _frame.Save()) is { } only
            ? new Carried(value, [only], (r, names) => Leaf.AsValue(r[0], Leaf.ScalarType(value)) switch
            {
                ScalarValue number => number with { IsOfHost = value is HostValue or SizeValue or ScalarValue { IsOfHost: true } },
                TensorValue tensor => tensor with { MayBe = [.. names[key].Select(o => (o, _frame.VersionOf(o)))] },
                var other => other,
            })
            : null;
    }

    private Names Both()
    {
        var both = new Names();
        foreach (var (leaf, names) in _atFirst)
        {
            both.Add(leaf, _atEnd.TryGetValue(leaf, out var others) ? [.. names, .. others] : names);
        }

        return both;
    }

    /// <summary>What a list holds at last, in any depth, or the value itself.</summary>
    /// <param name="first">The same variable before the loop: it has as many leaves as this one.</param>
    private static IEnumerable<Value> Parts(Value first, Value now) => first is AggregateValue list
        ? list.Items.SelectMany((item, i) => Parts(item, now is AggregateValue { Items: var items } && i < items.Length ? items[i] : now))
        : [now];

    /// <summary>Whether the variable may be the name of a tensor that was not thought of yet. What each part holds must be known.</summary>
    /// <param name="around">Tensors made in the loop are not met by a later turn in any other way.</param>
    private bool FoundNames(Names names, int slot, ImmutableArray<Value> parts, Region around)
    {
        var found = false;
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i] is TensorValue tensor)
            {
                _frame.CheckKnown(tensor);
            }

            var others = names.TryGetValue((slot, i), out var known) ? known : names[(slot, i)] = [];
            foreach (var (other, _) in _frame.HeldByOthers(parts[i]))
            {
                found |= (other is not TensorValue { Home: { } home } || around.IsWithin(home)) && others.Add(other);
            }
        }

        return found;
    }

    /// <summary>Whether the body changes something that does not go around yet; it then does at the next try.</summary>
    private bool FoundMore(FrameState head, FrameState after)
    {
        var found = false;
        foreach (var (key, place) in after.Places)
        {
            var isWritten = !ReferenceEquals(place.Current, head.Places.TryGetValue(key, out var old) ? old.Current : _frame.Place(key).Initial);
            found |= isWritten && key.IsKnownIn(_frame.Region) && _places.Add(key);
        }

        foreach (var exit in (ReadOnlySpan<Exit>)[Exit.Returned, Exit.Result, Exit.Thrown])
        {
            var slot = _frame.SlotOf(exit);
            found |= !Leaf.Same(head.Slots[slot], after.Slots[slot]) && _slots.Add(slot);
        }

        // Not set before the loop, but wanted after it or in its next turn: any value will do to start from.
        foreach (var slot in _slots.Where(s => head.Slots[s] is UnsetValue && !_firstValues.ContainsKey(s)))
        {
            if (Leaf.Of(after.Slots[slot], after) is { } leaf && Leaf.ScalarType(after.Slots[slot]) is null)
            {
                _firstValues[slot] = Leaf.Zeros(leaf.Type);
                found = true;
            }
        }

        return found;
    }

    private void Emit(
        OpValue condition, Region region, Value goesOn, List<(int Slot, Carried Carried)> slots, List<(PlaceKey Key, OpValue First)> places, FrameState after,
        IReadOnlyList<(AggregateValue List, TensorValue Row)> added, ImmutableArray<OpValue> grown)
    {
        var carriedSlots = slots.Select(s => s.Slot).ToHashSet();
        foreach (var slot in _slots.Where(s => !carriedSlots.Contains(s) && !Leaf.Same(_frame.Slot(s), after.Slots[s])))
        {
            throw _frame.Fail(
                $"'{NameOf(slot)}' changes from {_frame.Slot(slot).Describe()} to {after.Slots[slot].Describe()} in a loop that ends on a tensor's value", eager: true);
        }

        var results = new List<Leaf>();
        foreach (var (slot, carried) in slots)
        {
            results.AddRange(Match(slot, carried, after.Slots[slot], after));
        }

        region.Builder.Output(Leaf.Of(goesOn, after)!.In(region), OutputKind.Result);
        foreach (var leaf in results.Concat(places.Select(p => new Leaf(after.Places[p.Key].Current))))
        {
            region.Builder.Output(leaf.In(region), OutputKind.Result);
        }

        foreach (var rows in grown)
        {
            region.Builder.Output(rows, OutputKind.Result);
        }

        ImmutableArray<OpValue> initial = [.. slots.SelectMany(s => s.Carried.Leaves).Select(l => l.In(_frame.Region)), .. places.Select(p => _frame.Region.Import(p.First)),
            .. grown.Select(r => _frame.Builder.Full(r.Shape, r.DType, 0))];
        var graph = _frame.Session.Graphs.Share(region.Builder.Build());
        var left = _frame.Builder.While(graph, condition, initial, [.. region.Taken]);
        for (var i = 0; i < places.Count; i++)
        {
            _frame.Place(places[i].Key).Reset(left[results.Count + i], after.Places[places[i].Key].Version + 1);
        }

        var at = 0;
        foreach (var (slot, carried) in slots)
        {
            _frame.SetSlot(slot, carried.Make(left.Slice(at, carried.Leaves.Length), _runsOnce ? _atEnd : Both()));
            at += carried.Leaves.Length;
        }

        _frame.Session.HasSequenceLoops |= added.Count > 0;
        for (var i = 0; i < added.Count; i++)
        {
            var (list, row) = added[i];
            ImmutableArray<TensorValue> held = [.. slots.Where(s => ReferenceEquals(after.Slots[s.Slot], row)).Select(s => _frame.Slot(s.Slot)).OfType<TensorValue>()];
            _frame.Session.ListChanges.Add((list, new ListContent([], null)));
            list.Content = TurnLists.Growing(_frame) with { Rows = new TurnRows(left[results.Count + places.Count + i], _frame.Region, held) };
        }

        // What only the loop uses has no value after it.
        foreach (var local in Inside.Written.Where(l => !_slots.Contains(l)))
        {
            _frame.SetSlot(local, Value.Unset);
        }
    }

    /// <summary>The leaves of the value at the end of a turn, which must be of the kind it began with.</summary>
    private IEnumerable<Leaf> Match(int slot, Carried carried, Value value, FrameState after)
    {
        if (Leaves(carried.Value, value, after) is not { } leaves || !leaves.Select(l => l.Type).SequenceEqual(carried.Leaves.Select(l => l.Type)))
        {
            throw _frame.Fail(
                $"'{NameOf(slot)}' is {carried.Value.Describe()} at first and {value.Describe()} after a turn of a loop that ends on a tensor's value", eager: true);
        }

        return leaves;
    }

    private static List<Leaf>? Leaves(Value first, Value now, FrameState after)
    {
        if (first is AggregateValue a && now is AggregateValue b && a.Items.Length == b.Items.Length)
        {
            var parts = a.Items.Zip(b.Items, (x, y) => Leaves(x, y, after)).ToList();
            return parts.Contains(null) ? null : [.. parts.SelectMany(p => p!)];
        }

        return Leaf.Of(now, after) is { } leaf && (Leaf.ScalarType(first) == Leaf.ScalarType(now)) ? [leaf]
            : Leaf.Same(first, now) ? []
            : null;
    }

    private string NameOf(int slot) => slot < _frame.Function.Locals.Length ? _frame.Function.Locals[slot].Name : "the result";
}
