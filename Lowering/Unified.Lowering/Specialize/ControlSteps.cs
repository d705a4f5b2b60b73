using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Control flow. On host values branches are taken and loops are unrolled now; on tensors both sides and the loop become graphs.</summary>
internal static class ControlSteps
{
    private const int IterationLimit = 1_000_000;

    private const int RecursionLimit = 100;

    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<IfInstruction>(If),
        Step.Of<LoopInstruction>(Loop),
        Step.Of<ForEachInstruction>(ForEach),
        Step.Of<BreakInstruction>((f, _) => Leave(f, Exit.Broken, Flow.Break)),
        Step.Of<ContinueInstruction>((f, _) => Leave(f, Exit.Continued, Flow.Continue)),
        Step.Of<ReturnInstruction>(Return),
        Step.Of<InlineInstruction>(Inline),
        Step.Of<RecurseInstruction>(Recurse),
        Step.Of<SwitchInstruction>(Switch),
        Step.Of<GuardedInstruction>(Guarded),
    ];

    private static Flow If(Frame frame, IfInstruction step)
    {
        var condition = frame[step.Condition];
        if (TensorConditions.TryRead(frame, condition) is { } tensor)
        {
            return Branches.Run(
                frame, tensor, LocalUses.OfPaths([step.Then.Instructions, step.Else.Instructions]),
                () => Interpreter.Run(frame, step.Then), () => Interpreter.Run(frame, step.Else));
        }

        return condition is ConditionValue sizes && Assume(frame, sizes, step) is { } assumed
            ? Interpreter.Run(frame, assumed)
            : Interpreter.Run(frame, Decide(frame, condition, "'if'") ? step.Then : step.Else);
    }

    /// <summary>
    /// Where one branch only throws, the sizes are taken to be such that it is not reached, and the graph is for these only: a check of the
    /// batch's sizes does not cost a compilation per size. Null when it cannot be said of the sizes.
    /// </summary>
    private static Block? Assume(Frame frame, ConditionValue condition, IfInstruction step)
    {
        var (needed, taken) = AlwaysThrows(step.Then) ? (condition.WhenFalse, step.Else)
            : AlwaysThrows(step.Else) ? (condition.WhenTrue, step.Then)
            : (null, step.Then);
        if (needed is null)
        {
            return null;
        }

        foreach (var dim in needed.Value)
        {
            frame.Require(dim, $"a check of sizes fails: {dim} is negative");
        }

        return taken;
    }

    private static bool AlwaysThrows(Block block) => !block.Instructions.IsEmpty && block.Instructions[^1] is ThrowInstruction;

    private static bool Decide(Frame frame, Value condition, string who) => condition switch
    {
        HostValue { Object: bool known } => known,
        _ => frame.Object(condition, who) is bool known ? known : throw frame.Fail($"{who} needs a bool, not {condition.Describe()}"),
    };

    private static Flow Loop(Frame frame, LoopInstruction step) =>
        Apart(frame, [Exit.Broken, Exit.Continued], () => Loop(frame, step, 0, frame.Session.RollsLoops)) is var flow && flow == Flow.Break ? Flow.Next : flow;

    /// <param name="rolls">The loop may become one of the graph when it proves to be long.</param>
    private static Flow Loop(Frame frame, LoopInstruction step, int iteration, bool rolls)
    {
        var (first, nodes, start) = (iteration, frame.Builder.NodeCount, rolls ? new Rollback(frame) : null);
        for (; ; iteration++)
        {
            if (step.TestFirst || iteration > 0)
            {
                var condition = Interpreter.Yield(frame, step.Condition);
                if (TensorConditions.TryRead(frame, condition) is { } tensor)
                {
                    return TensorLoops.Run(frame, step, tensor);
                }

                // Sizes that are not known yet say how often it runs: it need not be known, if the graph runs it.
                if (start is not null && iteration == first && condition is ConditionValue { WhenTrue: { } sizes })
                {
                    if (RolledLoops.TryRun(frame, step, start, sizes) is { } rolled)
                    {
                        return rolled;
                    }

                    start = null;
                }

                if (!Decide(frame, condition, "a loop's condition"))
                {
                    return Flow.Next;
                }
            }

            var isDeep = iteration == first && iteration >= RolledLoops.NestedTurns;
            if (start is not null && (isDeep || RolledLoops.IsLong(iteration - first, frame.Builder.NodeCount - nodes)))
            {
                if (RolledLoops.TryRun(frame, step, start) is { } rolledNow)
                {
                    return rolledNow;
                }

                start = null;
            }

            if (iteration == IterationLimit)
            {
                throw frame.Fail($"the loop has run {IterationLimit} times while the graph was built; it is unrolled, so it must be short", eager: true);
            }

            var (next, mayRoll) = (iteration + 1, start is not null);
            var flow = Turn(frame, Interpreter.Run(frame, step.Body));
            if (flow is Flow.Break or Flow.Return)
            {
                return flow;
            }

            if (flow == Flow.Partial)
            {
                return Branches.GoOn(frame, [step], () =>
                {
                    Interpreter.Run(frame, step.Step);
                    return Loop(frame, step, next, mayRoll);
                });
            }

            Interpreter.Run(frame, step.Step);
        }
    }

    private static Flow ForEach(Frame frame, ForEachInstruction step)
    {
        var list = frame[step.List];
        var started = (list as AggregateValue)?.Items;
        ImmutableArray<Value> items = list is HostValue { Object: string text }
            ? [.. text.Select(c => new HostValue(c))]
            : [.. frame.Items(list, "what foreach runs over")];
        var counted = frame.Session.RollsLoops ? RolledLoops.Counted(frame, step, items) : null;
        return Apart(frame, [Exit.Broken, Exit.Continued], () => Each(0)) is var flow && flow == Flow.Break ? Flow.Next : flow;

        Flow Each(int item)
        {
            var (first, nodes) = (item, frame.Builder.NodeCount);
            if (counted is not null)
            {
                frame.SetLocal(step.Local, items[item]);
            }

            var start = counted is null ? null : new Rollback(frame);
            for (; item < items.Length; item++)
            {
                var isDeep = item == first && item >= RolledLoops.NestedTurns;
                if (start is not null && (isDeep || RolledLoops.IsLong(item - first, frame.Builder.NodeCount - nodes)))
                {
                    if (RolledLoops.TryRun(frame, counted!, start) is { } rolled)
                    {
                        return rolled;
                    }

                    (start, counted) = (null, null);
                }

                if (list is AggregateValue now && now.Items != started)
                {
                    throw frame.Fail("the list is changed while foreach runs over it; loop over a copy: list.ToArray()", eager: true);
                }

                frame.SetLocal(step.Local, items[item]);
                var next = item + 1;
                var flow = Turn(frame, Interpreter.Run(frame, step.Body));
                if (flow is Flow.Break or Flow.Return)
                {
                    return flow;
                }

                if (flow == Flow.Partial)
                {
                    return next == items.Length ? flow : Branches.GoOn(frame, [step], () => Each(next));
                }
            }

            return Flow.Next;
        }
    }

    /// <summary>How a turn of a loop ends for the next: <c>continue</c> has no meaning any more.</summary>
    private static Flow Turn(Frame frame, Flow flow)
    {
        frame[Exit.Continued] = HostValue.False;
        return flow == Flow.Continue || (flow == Flow.Partial && frame[Exit.Broken] == HostValue.False && frame[Exit.Returned] == HostValue.False)
            ? Flow.Next
            : flow;
    }

    /// <summary>Runs with exits of its own; those of what is around come back afterwards. What is left partially by those alone is left whole.</summary>
    private static Flow Apart(Frame frame, ReadOnlySpan<Exit> own, Func<Flow> run)
    {
        var outer = own.ToArray().Select(e => (Exit: e, Value: frame[e])).ToList();
        outer.ForEach(o => frame[o.Exit] = o.Exit == Exit.Result ? Value.Unset : HostValue.False);
        var flow = run();
        outer.ForEach(o => frame[o.Exit] = o.Value);
        return flow == Flow.Partial && frame[Exit.Returned] == HostValue.False ? Flow.Next : flow;
    }

    private static Flow Leave(Frame frame, Exit exit, Flow flow)
    {
        frame[exit] = HostValue.True;
        return flow;
    }

    private static Flow Recurse(Frame frame, RecurseInstruction step)
    {
        var target = frame.Inlined.FirstOrDefault(i => i.Body.Instructions.OfType<StoreInstruction>().FirstOrDefault()?.Local == step.First)
            ?? throw new InvalidOperationException($"{frame.Function.Key}: no function around begins with local {step.First}");
        if (frame.Inlined.Count > RecursionLimit)
        {
            throw frame.Fail($"a local function calls itself more than {RecursionLimit} times; a recursion must end on a host condition, and soon", eager: true);
        }

        var (registers, locals) = (frame.SaveRegisters(), Enumerable.Range(step.First, frame.Function.Locals.Length - step.First).Select(frame.Local).ToArray());
        var flow = Inline(frame, target with { Result = step.Result });
        var result = step.Result == Instruction.None ? Value.Null : frame[step.Result];
        frame.RestoreRegisters(registers);
        for (var i = 0; i < locals.Length; i++)
        {
            frame.SetLocal(step.First + i, locals[i]);
        }

        if (step.Result != Instruction.None)
        {
            frame[step.Result] = result;
        }

        return flow;
    }

    /// <summary>A return in the body is the end of the body only, so what the frame returns stays as it was.</summary>
    private static Flow Inline(Frame frame, InlineInstruction step)
    {
        var (result, thrown) = (Value.Null, frame[Exit.Thrown]);
        frame.Inlined.Push(step);
        try
        {
            Apart(frame, [Exit.Returned, Exit.Result, Exit.Broken, Exit.Continued], () =>
            {
                var flow = Interpreter.Run(frame, step.Body);
                result = frame.Returned;
                return flow;
            });
        }
        finally
        {
            frame.Inlined.Pop();
        }

        if (step.Result != Instruction.None)
        {
            frame[step.Result] = result;
        }

        return Throws.IsSince(frame, thrown) ? Throws.PassOn(frame, frame[Exit.Thrown]) : Flow.Next;
    }

    private static Flow Return(Frame frame, ReturnInstruction step)
    {
        if (step.Value != Instruction.None)
        {
            frame.Returned = frame[step.Value];
        }

        return Leave(frame, Exit.Returned, Flow.Return);
    }

    private static Flow Guarded(Frame frame, GuardedInstruction step)
    {
        frame.Session.HasTry = true;
        frame.Guarded++;
        try
        {
            return Interpreter.Run(frame, step.Body);
        }
        finally
        {
            frame.Guarded--;
        }
    }

    /// <summary>A break in the body ends the body only.</summary>
    private static Flow Switch(Frame frame, SwitchInstruction step)
    {
        var outer = frame[Exit.Broken];
        frame[Exit.Broken] = HostValue.False;
        var flow = Interpreter.Run(frame, step.Body);
        frame[Exit.Broken] = outer;
        return flow == Flow.Break || (flow == Flow.Partial && frame[Exit.Returned] == HostValue.False && frame[Exit.Continued] == HostValue.False) ? Flow.Next : flow;
    }
}
