using System.Collections.Immutable;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;
using static Unified.Generators.Shapes.InferShapes;

namespace Unified.Generators.Shapes;

/// <summary>Branches, loops and jumps: ways that meet know what all of them know.</summary>
internal static class ControlShapes
{
    private const int Turns = 3;

    public static ImmutableArray<KeyValuePair<Type, Func<ShapeFrame, Instruction, bool>>> Rows { get; } =
    [
        Jump<IfInstruction>(If),
        Jump<LoopInstruction>((f, i) => Loop(f, i, () =>
        {
            // The condition runs before the body or after it: before and after is both.
            Run(f, i.Condition);
            Turn(f, i.Body);
            Run(f, i.Step);
        })),
        Jump<ForEachInstruction>((f, i) => Loop(f, i, () =>
        {
            f.Locals[i.Local] = f[i.List] is ListFact { Items.IsEmpty: false } list
                ? list.Items.Skip(1).Aggregate(list.Items[0], (a, b) => JoinFacts.Join(a, b, f.Unknown))
                : f.Function.Locals[i.Local].Type.Kind == ValueKind.Tensor ? TensorFact.Unknown : Fact.Nothing;
            Turn(f, i.Body);
        })),
        Jump<SwitchInstruction>(Switch),
        Jump<PrecisionInstruction>(Precision),
        Jump<GuardedInstruction>((f, i) => Run(f, i.Body)),
        Jump<BreakInstruction>((f, i) => Leave(f, f.Jumps.FirstOrDefault()?.Breaks)),
        Jump<ContinueInstruction>((f, i) => Leave(f, f.Jumps.FirstOrDefault(j => j.IsLoop)?.Continues)),
        Jump<ThrowInstruction>((f, i) => false),
        Jump<ReturnInstruction>(Return),
        Jump<InlineInstruction>(Inline),
        Row<RecurseInstruction>(Recurse),
        Row<ValueAndGradInstruction>((f, i) =>
        {
            Run(f, i.Body);
            f[i.Result] = new ListFact([f[i.Body.Yield], Fact.Nothing]);
        }),
        Row<ExampleInstruction>((f, i) => f[i.Result] = TensorFact.Unknown),
        Row<VmapInstruction>((f, i) =>
        {
            Run(f, i.Body);
            f[i.Result] = f[i.Body.Yield] is TensorFact ? TensorFact.Unknown : Fact.Nothing;
        }),
        Row<CheckpointInstruction>((f, i) =>
        {
            Run(f, i.Body);
            f[i.Result] = f[i.Body.Yield];
        }),
        Row<CustomGradientInstruction>((f, i) =>
        {
            Run(f, i.Body);
            f[i.Result] = f[i.Body.Yield];
            Run(f, i.Backward);
        }),
        Row<DerivativeInstruction>((f, i) =>
        {
            Run(f, i.Body);
            f[i.Result] = i.Form is "vjp" or "jvp" ? new ListFact([f[i.Body.Yield], i.Form == "jvp" ? f[i.Body.Yield] : Fact.Nothing]) : TensorFact.Unknown;
        }),
    ];

    private static bool If(ShapeFrame frame, IfInstruction branch)
    {
        if (frame[branch.Condition] is ConstantFact { Value: bool known })
        {
            return Run(frame, known ? branch.Then : branch.Else);
        }

        // A host condition may have been written so that the branch does not run for shapes like these.
        var silent = frame[branch.Condition] is TensorFact || frame.NameOf(branch.Condition).EndsWith("Training", StringComparison.Ordinal) ? 0 : 1;
        frame.Silent += silent;
        var before = (Fact[])frame.Locals.Clone();
        var then = Run(frame, branch.Then);
        var afterThen = frame.Locals;
        frame.Locals = before;
        var otherwise = Run(frame, branch.Else);
        frame.Silent -= silent;
        frame.Locals = then && otherwise ? JoinFacts.Join(afterThen, frame.Locals, frame.Unknown) : then ? afterThen : frame.Locals;
        return then || otherwise;
    }

    /// <summary>Turns until nothing new is learned, without a word; then once more, aloud.</summary>
    private static bool Loop(ShapeFrame frame, Instruction loop, Action turn)
    {
        if (Changes(loop))
        {
            frame.ForgetLists();
        }

        frame.Silent++;
        var isStable = false;
        for (var i = 0; i < 2 * Turns && !isStable; i++)
        {
            var before = (Fact[])frame.Locals.Clone();
            var after = Once(frame, turn);
            var joined = JoinFacts.Join(before, after, frame.Unknown);
            isStable = JoinFacts.AreAlike(before, joined);
            frame.Locals = i < Turns ? joined : [.. before.Zip(joined, (b, j) => JoinFacts.AreAlike([b], [j]) ? j : Fact.Nothing)];
        }

        frame.Silent--;
        if (!isStable)
        {
            frame.Locals = [.. frame.Locals.Select(_ => Fact.Nothing)];
        }

        var entry = (Fact[])frame.Locals.Clone();
        frame.Locals = JoinFacts.Join(entry, Once(frame, turn), frame.Unknown);
        return true;
    }

    /// <summary>The state after one turn, however it is left.</summary>
    private static Fact[] Once(ShapeFrame frame, Action turn)
    {
        var jumps = new JumpTargets(IsLoop: true);
        frame.Jumps.Push(jumps);
        turn();
        frame.Jumps.Pop();
        return jumps.Breaks.Aggregate(frame.Locals, (a, b) => JoinFacts.Join(a, b, frame.Unknown));
    }

    private static void Turn(ShapeFrame frame, Block body)
    {
        var ends = Run(frame, body);
        var goesOn = frame.Jumps.Peek().Continues;
        if (goesOn.Count > 0)
        {
            var states = ends ? goesOn.Append(frame.Locals) : goesOn;
            frame.Locals = states.Aggregate((a, b) => JoinFacts.Join(a, b, frame.Unknown));
        }
    }

    // Operands of two dtypes may meet there.
    private static bool Precision(ShapeFrame frame, PrecisionInstruction step)
    {
        frame.MixedPrecisions++;
        var ends = Run(frame, step.Body);
        frame.MixedPrecisions--;
        return ends;
    }

    private static bool Switch(ShapeFrame frame, SwitchInstruction choice)
    {
        var jumps = new JumpTargets(IsLoop: false);
        frame.Jumps.Push(jumps);
        var ends = Run(frame, choice.Body);
        frame.Jumps.Pop();
        var states = ends ? jumps.Breaks.Append(frame.Locals) : jumps.Breaks;
        if (states.Any())
        {
            frame.Locals = states.Aggregate((a, b) => JoinFacts.Join(a, b, frame.Unknown));
        }

        return states.Any();
    }

    private static bool Leave(ShapeFrame frame, List<Fact[]>? states)
    {
        states?.Add((Fact[])frame.Locals.Clone());
        return false;
    }

    private static bool Return(ShapeFrame frame, ReturnInstruction step)
    {
        if (frame.Returns.Count > 0)
        {
            frame.Returns.Peek().Add((frame[step.Value], (Fact[])frame.Locals.Clone()));
        }
        else
        {
            frame.Return(frame[step.Value]);
            var returned = step.Value != Instruction.None ? frame[step.Value] : Fact.Nothing;
            if (frame.Session.HandsBack)
            {
                returned = returned is ListFact { Items: [var first, ..] } && !frame.Session.Method.ReturnsVoid ? first : Fact.Nothing;
            }

            if (returned is TensorFact result)
            {
                CallShapes.CheckResult(frame, step, result);
            }
        }

        return false;
    }

    // What holds for the first call of a function need not hold for those that it makes of itself.
    private static void Recurse(ShapeFrame frame, RecurseInstruction step)
    {
        frame.ForgetLocals();
        frame.SetNothing(step.Result);
    }

    private static bool CallsItself(Block block) =>
        block.Instructions.Any(i => i is RecurseInstruction || InstructionBlocks.Of(i).Any(CallsItself));

    private static bool Inline(ShapeFrame frame, InlineInstruction call)
    {
        var isSilent = CallsItself(call.Body);
        frame.Silent += isSilent ? 1 : 0;
        frame.Returns.Push([]);
        var ends = Run(frame, call.Body);
        var returns = frame.Returns.Pop();
        frame.Silent -= isSilent ? 1 : 0;
        if (ends)
        {
            returns.Add((Fact.Nothing, frame.Locals));
        }

        if (returns.Count == 0)
        {
            return false;
        }

        frame.Locals = returns.Select(r => r.Locals).Aggregate((a, b) => JoinFacts.Join(a, b, frame.Unknown));
        if (call.Result != Instruction.None)
        {
            frame[call.Result] = returns.Select(r => r.Value).Aggregate((a, b) => JoinFacts.Join(a, b, frame.Unknown));
        }

        return true;
    }

    private static bool Changes(Instruction instruction) =>
        instruction is ListStepInstruction { Result: Instruction.None }
        || InstructionBlocks.Of(instruction).SelectMany(b => b.Instructions).Any(Changes);
}
