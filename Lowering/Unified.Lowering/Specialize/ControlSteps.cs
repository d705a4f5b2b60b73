using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Control flow on host values: branches are taken and loops are unrolled now.</summary>
internal static class ControlSteps
{
    private const int IterationLimit = 1_000_000;

    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<IfInstruction>(If),
        Step.Of<LoopInstruction>(Loop),
        Step.Of<ForEachInstruction>(ForEach),
        Step.Of<BreakInstruction>((_, _) => Flow.Break),
        Step.Of<ContinueInstruction>((_, _) => Flow.Continue),
        Step.Of<ReturnInstruction>(Return),
        Step.Of<InlineInstruction>(Inline),
        Step.Of<SwitchInstruction>((f, i) => Interpreter.Run(f, i.Body) is var flow && flow == Flow.Break ? Flow.Next : flow),
    ];

    private static Flow If(Frame frame, IfInstruction step)
    {
        var condition = frame[step.Condition];
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
        TensorValue or PlaceValue => throw frame.Fail(
            $"{who} depends on {condition.Describe()}, whose value is known only when the graph runs; "
            + "write Select(condition, x, y) to choose by element, or leave this method eager",
            eager: true),
        _ => frame.Object(condition, who) is bool known ? known : throw frame.Fail($"{who} needs a bool, not {condition.Describe()}"),
    };

    private static Flow Loop(Frame frame, LoopInstruction step)
    {
        for (var iteration = 0; ; iteration++)
        {
            if ((step.TestFirst || iteration > 0) && !Decide(frame, Interpreter.Yield(frame, step.Condition), "a loop's condition"))
            {
                return Flow.Next;
            }

            if (iteration == IterationLimit)
            {
                throw frame.Fail($"the loop has run {IterationLimit} times while the graph was built; it is unrolled, so it must be short", eager: true);
            }

            var flow = Interpreter.Run(frame, step.Body);
            if (flow is Flow.Break or Flow.Return)
            {
                return flow == Flow.Break ? Flow.Next : flow;
            }

            Interpreter.Run(frame, step.Step);
        }
    }

    private static Flow ForEach(Frame frame, ForEachInstruction step)
    {
        var list = frame[step.List];
        var started = (list as AggregateValue)?.Items;
        foreach (var item in list is HostValue { Object: string text } ? text.Select(c => new HostValue(c)) : frame.Items(list, "what foreach runs over"))
        {
            if (list is AggregateValue now && now.Items != started)
            {
                throw frame.Fail("the list is changed while foreach runs over it; loop over a copy: list.ToArray()", eager: true);
            }

            frame.SetLocal(step.Local, item);
            var flow = Interpreter.Run(frame, step.Body);
            if (flow is Flow.Break or Flow.Return)
            {
                return flow == Flow.Break ? Flow.Next : flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>A return in the body is the end of the body only, so what the frame returns stays as it was.</summary>
    private static void Inline(Frame frame, InlineInstruction step)
    {
        var outer = frame.Returned;
        frame.Returned = Value.Null;
        Interpreter.Run(frame, step.Body);
        if (step.Result != Instruction.None)
        {
            frame[step.Result] = frame.Returned;
        }

        frame.Returned = outer;
    }

    private static Flow Return(Frame frame, ReturnInstruction step)
    {
        if (step.Value != Instruction.None)
        {
            frame.Returned = frame[step.Value];
        }

        return Flow.Return;
    }
}
