using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Arrays, lists, tuples and dictionaries: made by the function or met on the host.</summary>
internal static class ListSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<ListInstruction>((f, i) => f[i.Result] = new AggregateValue([.. i.Items.Select(r => f[r])])),
        Step.Of<ItemInstruction>((f, i) => f[i.Result] = Item(f, f[i.List], f[i.Index])),
        Step.Of<CountInstruction>((f, i) => f[i.Result] = new HostValue(Count(f, f[i.List]))),
    ];

    private static Value Item(Frame frame, Value list, Value index) => list switch
    {
        AggregateValue aggregate => frame.Int(index, "an index") is var at && at >= 0 && at < aggregate.Items.Length
            ? aggregate.Items[at]
            : throw frame.Fail($"index {at} is out of range for a list of {aggregate.Items.Length}"),
        HostValue { Object: IDictionary dictionary } => frame.Session.Wrap(dictionary[frame.Object(index, "a key")!], "item"),
        HostValue { Object: ITuple tuple } => frame.Session.Wrap(tuple[frame.Int(index, "an index")], "item"),
        HostValue { Object: IList items } => frame.Int(index, "an index") is var at ? frame.Session.Wrap(items[at], $"item{at}") : Value.Null,
        _ => frame.Items(list, "what is indexed").ElementAt(frame.Int(index, "an index")),
    };

    private static int Count(Frame frame, Value list) => list switch
    {
        HostValue { Object: ICollection collection } => collection.Count,
        HostValue { Object: string text } => text.Length,
        _ => frame.Items(list, "what is counted").Count(),
    };
}
