using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>How control leaves an instruction.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
    Return,

    /// <summary>It depends on a tensor: some paths go on, others have left. The frame's exits say which.</summary>
    Partial,
}

/// <summary>What one kind of instruction does to a frame.</summary>
internal sealed record Step(Type Instruction, Func<Frame, Instruction, Flow> Run)
{
    /// <summary>A step after which control goes on with the next instruction.</summary>
    public static Step Of<T>(Action<Frame, T> run)
        where T : Instruction => new(typeof(T), (frame, instruction) =>
        {
            run(frame, (T)instruction);
            return Flow.Next;
        });

    /// <summary>A step that decides where control goes.</summary>
    public static Step Of<T>(Func<Frame, T, Flow> run)
        where T : Instruction => new(typeof(T), (frame, instruction) => run(frame, (T)instruction));
}

/// <summary>Turns the instructions of a function into nodes of a frame's graph, by running the host part of them.</summary>
internal static class Interpreter
{
    private static readonly ImmutableArray<Step> Rows =
    [
        .. LocalSteps.Rows,
        .. HostSteps.Rows,
        .. ShapeSteps.Rows,
        .. ApplySteps.Rows,
        .. IndexSteps.Rows,
        .. ListSteps.Rows,
        .. ThunkSteps.Rows,
        .. StateSteps.Rows,
        .. CallSteps.Rows,
        .. HostCallSteps.Rows,
        .. GradientSteps.Rows,
        .. VmapSteps.Rows,
        .. CheckpointSteps.Rows,
        .. CustomGradientSteps.Rows,
        .. PrecisionSteps.Rows,
        .. ControlSteps.Rows,
    ];

    private static readonly FrozenDictionary<Type, Step> ByType = Rows.ToFrozenDictionary(r => r.Instruction);

    public static Flow Run(Frame frame, Block block) => Run(frame, block.Instructions, 0, mayFork: block.Yield == Instruction.None);

    /// <param name="mayFork">Nothing outside reads a register that is set here.</param>
    private static Flow Run(Frame frame, ImmutableArray<Instruction> instructions, int from, bool mayFork)
    {
        var outer = frame.Source;
        for (var i = from; i < instructions.Length; i++)
        {
            frame.Source = instructions[i].Source ?? outer;
            var (flow, isForked) = (Flow.Next, false);
            if (mayFork && i + 1 < instructions.Length && Forks.Apply(frame, instructions[i]))
            {
                flow = Forks.Run(frame, (IfInstruction)instructions[i], instructions[(i + 1)..], () => Run(frame, instructions[i]), out isForked);
            }
            else
            {
                flow = Run(frame, instructions[i]);
            }

            if (isForked)
            {
                return flow;
            }

            if (flow == Flow.Partial && i + 1 < instructions.Length)
            {
                return Branches.GoOn(frame, instructions[(i + 1)..], () => Run(frame, instructions, i + 1, mayFork));
            }

            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        frame.Source = outer;
        return Flow.Next;
    }

    /// <summary>Runs a block that yields a value.</summary>
    public static Value Yield(Frame frame, Block block)
    {
        return Run(frame, block) == Flow.Next
            ? frame[block.Yield]
            : throw frame.Fail("an exception is thrown, under a condition that is a tensor, within a condition or a loss; throw it in a statement of its own", eager: true);
    }

    private static Flow Run(Frame frame, Instruction instruction)
    {
        try
        {
            return ByType[instruction.GetType()].Run(frame, instruction);
        }
        catch (ShapeException e)
        {
            throw frame.Fail(e.Message, inner: e);
        }
    }
}
