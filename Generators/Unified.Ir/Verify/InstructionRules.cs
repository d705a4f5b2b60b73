using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The rules of single kinds of instruction.</summary>
internal static class InstructionRules
{
    public static ImmutableArray<FunctionRule> Rows { get; } =
    [
        new("result-given", ResultGiven),
        new("literal-kind", LiteralKind),
        new("host-operator", HostOperator),
        new("list-operator", ListOperator),
        new("thunk-arguments", ThunkArguments),
        new("host-call-type", HostCallType),
        new("op-arguments", OpArguments),
        new("index-items", IndexItems),
        new("leaves-a-loop", LeavesALoop),
        new("returns", Returns),
    ];

    private static readonly ImmutableHashSet<string> HostTypes = ["int", "long", "float", "double", "bool"];

    private static readonly ImmutableDictionary<string, int> HostOperators =
        "item neg not abs sqrt log exp to_int to_long to_float to_double".Split(' ').Select(o => (Name: o, Operands: 1))
            .Concat("add sub mul div rem eq ne lt le gt ge and or xor min max pow".Split(' ').Select(o => (Name: o, Operands: 2)))
            .ToImmutableDictionary(o => o.Name, o => o.Operands, StringComparer.Ordinal);

    // Kind → whether the registers and flags are those it takes.
    private static readonly ImmutableDictionary<string, Func<IndexItem, bool>> IndexKinds = new Dictionary<string, Func<IndexItem, bool>>
    {
        ["at"] = i => i.Start != Instruction.None && i.End == Instruction.None && !i.EndFromEnd,
        ["range"] = i => (i.Start != Instruction.None || !i.StartFromEnd) && (i.End != Instruction.None || !i.EndFromEnd),
        ["all"] = i => i == new IndexItem("all"),
        ["tensor"] = i => i.Start != Instruction.None && i == new IndexItem("tensor", i.Start),
    }.ToImmutableDictionary();

    // A thunk may be evaluated for its exception, a call made for its effects.
    private static IEnumerable<string> ResultGiven(FunctionView view) => view.Sites
        .Where(s => s.Form.HasResult && s.Instruction.Result == Instruction.None && s.Instruction is not (CallInstruction or HostCallInstruction or ThunkInstruction or InlineInstruction or RecurseInstruction or ListStepInstruction))
        .Select(s => $"{s}: has no register for its result");

    private static IEnumerable<string> LiteralKind(FunctionView view) => view.All<LiteralInstruction>()
        .Where(l => l.Instruction.Value is not (null or bool or int or long or float or double or string))
        .Select(l => $"{l.Site}: {LiteralText.Unsupported(l.Instruction.Value!).Message}");

    private static IEnumerable<string> HostOperator(FunctionView view)
    {
        foreach (var (site, host) in view.All<HostInstruction>())
        {
            if (!HostOperators.TryGetValue(host.Operator, out var operands))
            {
                yield return $"{site}: there is no operator '{host.Operator}'";
            }
            else if (operands != host.Operands.Length)
            {
                yield return $"{site}: '{host.Operator}' takes {operands} operands, not {host.Operands.Length}";
            }

            if (!HostTypes.Contains(host.Type))
            {
                yield return $"{site}: the result is int, long, float, double or bool, not '{host.Type}'";
            }
        }
    }

    // Operator → its operands, and whether it makes a new list.
    private static readonly ImmutableDictionary<string, (int Operands, bool IsNew)> ListOperators = new Dictionary<string, (int, bool)>
    {
        ["add"] = (2, false),
        ["add_range"] = (2, false),
        ["insert"] = (3, false),
        ["set"] = (3, false),
        ["remove_at"] = (2, false),
        ["clear"] = (1, false),
        ["reverse"] = (1, false),
        ["key_set"] = (3, false),
        ["key_add"] = (3, false),
        ["key_remove"] = (2, false),
        ["key_value"] = (2, true),
        ["key_has"] = (2, true),
        ["keys"] = (1, true),
        ["values"] = (1, true),
        ["copy"] = (1, true),
        ["concat"] = (2, true),
        ["range"] = (3, true),
        ["fill"] = (1, true),
    }.ToImmutableDictionary(StringComparer.Ordinal);

    private static IEnumerable<string> ListOperator(FunctionView view)
    {
        foreach (var (site, step) in view.All<ListStepInstruction>())
        {
            if (!ListOperators.TryGetValue(step.Operator, out var row))
            {
                yield return $"{site}: there is no operator '{step.Operator}' of lists";
            }
            else if (row.Operands != step.Operands.Length || row.IsNew != (step.Result != Instruction.None))
            {
                yield return $"{site}: '{step.Operator}' takes {row.Operands} operands and gives {(row.IsNew ? "a list" : "nothing")}";
            }
        }
    }

    private static IEnumerable<string> ThunkArguments(FunctionView view)
    {
        var uses = view.All<ThunkInstruction>().Select(t => (t.Site, t.Instruction.Thunk, Count: t.Instruction.Arguments.Length))
            .Concat(view.All<HostCallInstruction>().Select(t => (t.Site, t.Instruction.Thunk, Count: t.Instruction.Arguments.Length)))
            .Concat(view.All<ThrowInstruction>().Select(t => (t.Site, t.Instruction.Thunk, Count: t.Instruction.Arguments.Length)))
            .Concat(view.All<RebindInstruction>().Select(r => (r.Site, Thunk: r.Instruction.Getter, Count: r.Instruction.Arguments.Length)))

            // The setter takes the new tensor as well.
            .Concat(view.All<RebindInstruction>().Select(r => (r.Site, Thunk: r.Instruction.Setter, Count: r.Instruction.Arguments.Length + 1)));
        return
            from use in uses
            where use.Thunk >= 0 && use.Thunk < view.Function.Thunks.Length
            let takes = view.Function.Thunks[use.Thunk].Arguments.Length
            where takes != use.Count
            select $"{use.Site}: thunk {use.Thunk} ({view.Function.Thunks[use.Thunk].Name}) takes {takes} arguments, not {use.Count}";
    }

    private static IEnumerable<string> HostCallType(FunctionView view) =>
        from call in view.All<HostCallInstruction>()
        let type = call.Instruction.Type
        let isTensor = type == "same" || (type.StartsWith("tensor_", StringComparison.Ordinal) && DTypes.TryParse(type.Substring(7), out _))
        where !(isTensor || type is "void" or "unknown" || HostTypes.Contains(type)) || (!isTensor && !call.Instruction.Dims.IsEmpty)
        select $"{call.Site}: it gives void, unknown, a number, or a tensor with its sizes, not '{type}' with {call.Instruction.Dims.Length} sizes";

    private static IEnumerable<string> OpArguments(FunctionView view)
    {
        foreach (var (site, apply) in view.All<ApplyInstruction>())
        {
            var op = OpTable.Get(apply.Op);
            var given = apply.Arguments.Select(a => a.Name).ToArray();
            if (op.Has(OpTraits.Structural))
            {
                yield return $"{site}: {op.Name} stands only in graphs";
                continue;
            }

            foreach (var name in given.Where(g => op.Operands.All(o => o.Name != g) && op.Attributes.All(a => a.Name != g)))
            {
                yield return $"{site}: {op.Name} has no operand or attribute '{name}'";
            }

            foreach (var name in given.GroupBy(g => g).Where(g => g.Count() > 1).Select(g => g.Key))
            {
                yield return $"{site}: '{name}' is given more than once";
            }

            var needed = op.Operands.Where(o => !o.Optional && !o.Variadic).Select(o => o.Name)
                .Concat(op.Attributes.Where(a => a.Default is null).Select(a => a.Name));
            foreach (var name in needed.Except(given))
            {
                yield return $"{site}: {op.Name} needs '{name}'";
            }
        }
    }

    private static IEnumerable<string> IndexItems(FunctionView view) =>
        from index in view.All<IndexInstruction>().Select(i => (i.Site, i.Instruction.Items)).Concat(view.All<IndexUpdateInstruction>().Select(i => (i.Site, i.Instruction.Items)))
        from item in index.Items
        where !IndexKinds.TryGetValue(item.Kind, out var fits) || !fits(item)
        select $"{index.Site}: an index of kind '{item.Kind}' is not at (one register), range (two or open ends), all (none) or tensor (one)";

    private static IEnumerable<string> LeavesALoop(FunctionView view) => view.Sites
        .Where(s => s.Instruction is BreakInstruction or ContinueInstruction && !s.InLoop)
        .Select(s => $"{s}: no body of a loop is around it");

    private static IEnumerable<string> Returns(FunctionView view)
    {
        var isVoid = view.Function.Result.Kind == ValueKind.Void;
        if (!view.Function.HandedBack.IsEmpty && view.Function.Result.Kind != ValueKind.Aggregate)
        {
            yield return $"it hands back {view.Function.HandedBack.Length} variables, and its result is {view.Function.Result}, no aggregate of them";
        }

        foreach (var (site, instruction) in view.All<ReturnInstruction>())
        {
            if (site.InGradient)
            {
                yield return $"{site}: leaves a function that is differentiated or mapped, whose block yields its value";
            }

            if (site.Inlined is { } inlined)
            {
                if ((inlined.Result == Instruction.None) != (instruction.Value == Instruction.None))
                {
                    yield return $"{site}: the inlined function around it {(inlined.Result == Instruction.None ? "gives nothing" : "gives a value")}";
                }
            }
            else if (isVoid != (instruction.Value == Instruction.None))
            {
                yield return isVoid ? $"{site}: the function returns nothing" : $"{site}: the function returns {view.Function.Result}";
            }
        }
    }
}
