using System.Collections;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Arrays, lists, tuples and dictionaries: made by the function or met on the host.</summary>
internal static class ListSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<ListInstruction>((f, i) => f[i.Result] = new AggregateValue([.. i.Items.Select(r => f[r])]) { Home = f.Region }),
        Step.Of<ItemInstruction>((f, i) => f[i.Result] = Item(f, f[i.List], f[i.Index])),
        Step.Of<ListStepInstruction>(Run),
        Step.Of<CountInstruction>((f, i) => f[i.Result] = f[i.List] is AggregateValue { Content.Rows: { } rows } ? Specialization.Size(rows.Count, "int") : new HostValue(Count(f, f[i.List]))),
    ];

    // Operator → the items afterwards. The operands after the list are values.
    private static readonly FrozenDictionary<string, Func<Frame, ImmutableArray<Value>, ImmutableArray<Value>, ImmutableArray<Value>>> Changes =
        new Dictionary<string, Func<Frame, ImmutableArray<Value>, ImmutableArray<Value>, ImmutableArray<Value>>>
        {
            ["add"] = (_, items, o) => items.Add(o[0]),
            ["add_range"] = (f, items, o) => items.AddRange(f.Items(o[0], "what is added")),
            ["insert"] = (f, items, o) => items.Insert(At(f, o[0], items.Length + 1), o[1]),
            ["set"] = (f, items, o) => items.SetItem(At(f, o[0], items.Length), o[1]),
            ["remove_at"] = (f, items, o) => items.RemoveAt(At(f, o[0], items.Length)),
            ["key_set"] = (f, items, o) => DictionarySteps.Set(f, items, o, mayBeThere: true),
            ["key_add"] = (f, items, o) => DictionarySteps.Set(f, items, o, mayBeThere: false),
            ["key_remove"] = DictionarySteps.Remove,
            ["clear"] = (_, _, _) => [],
            ["reverse"] = (_, items, _) => [.. items.Reverse()],
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private static void Run(Frame frame, ListStepInstruction step)
    {
        var operands = step.Operands.Select(r => frame[r]).ToImmutableArray();
        if (DictionarySteps.Lookups.TryGetValue(step.Operator, out var lookup))
        {
            frame[step.Result] = lookup(frame, [.. frame.Items(operands[0], "a dictionary")], operands[1..]);
            return;
        }

        if (step.Result != Instruction.None)
        {
            frame[step.Result] = new AggregateValue(Make(frame, step.Operator, operands)) { Home = frame.Region };
            return;
        }

        if (operands[0] is not AggregateValue { IsShared: false } list)
        {
            throw frame.Fail("a list that was not made by this method is changed; make a copy of it first: list.ToList()", eager: true);
        }

        if (!frame.Region.IsBranchOf(list.Home))
        {
            if (step.Operator == "add" && frame.Session.Turns.TryPeek(out var turn) && turn.TryAdd(frame, list, operands[1]))
            {
                return;
            }

            throw frame.Fail("a list is changed in a loop of the graph; change it before or after that", eager: true);
        }

        frame.Session.ListChanges.Add((list, list.Content));
        if (step.Operator == "reverse" && list.Content.Rows is { } rows)
        {
            list.Content = list.Content with { Rows = rows.Reversed(frame) };
            return;
        }

        var (items, hadGap) = (list.Items, list.Content.HasGap);
        var changed = Changes[step.Operator](frame, items, operands[1..]);
        if (hadGap && changed.Length > items.Length)
        {
            throw frame.Fail("a key is added to a dictionary that another was removed from, and takes its place in the order; make a new dictionary", eager: true);
        }

        list.Content = new ListContent(changed, null, step.Operator == "key_remove" ? hadGap || changed.Length < items.Length : hadGap && step.Operator != "clear");
    }

    private static ImmutableArray<Value> Make(Frame frame, string name, ImmutableArray<Value> operands)
    {
        if (name == "fill")
        {
            var count = frame.Int(operands[0], "the length of an array");
            return count >= 0 ? [.. Enumerable.Repeat(Value.Null, count)] : throw frame.Fail($"an array cannot have {count} items", eager: true);
        }

        ImmutableArray<Value> items = [.. frame.Items(operands[0], "a list")];
        switch (name)
        {
            case "copy":
                return items;
            case "concat":
                return items.AddRange(frame.Items(operands[1], "a list"));
            default:
                var (start, end) = (frame.Int(operands[1], "the start of a range"), frame.Int(operands[2], "the end of a range"));
                return start >= 0 && start <= end && end <= items.Length
                    ? items[start..end]
                    : throw frame.Fail($"the range {start}..{end} is outside of a list of {items.Length}", eager: true);
        }
    }

    private static int At(Frame frame, Value index, int count) => frame.Int(index, "an index") is var at && at >= 0 && at < count
        ? at
        : throw frame.Fail($"index {at} is out of range for a list of {count}", eager: true);

    private static Value Item(Frame frame, Value list, Value index) => list switch
    {
        AggregateValue aggregate => frame.Int(index, "an index") is var at && at >= 0 && at < aggregate.Items.Length
            ? aggregate.Items[at]
            : throw frame.Fail($"index {at} is out of range for a list of {aggregate.Items.Length}"),
        HostValue { Object: IDictionary dictionary } => frame.Session.Wrap(frame.Session.Host.Item(dictionary, frame.Object(index, "a key")!), "item"),
        HostValue { Object: (ITuple or IList) and var items } => frame.Int(index, "an index") is var at
            ? frame.Session.Wrap(frame.Session.Host.Item(items, at), $"item{at}") : Value.Null,
        _ => frame.Items(list, "what is indexed").ElementAt(frame.Int(index, "an index")),
    };

    private static int Count(Frame frame, Value list) => list switch
    {
        HostValue { Object: ICollection collection } => frame.Session.Host.Count(collection),
        HostValue { Object: string text } => text.Length,
        _ => frame.Items(list, "what is counted").Count(),
    };
}
