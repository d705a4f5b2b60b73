using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Checks that a program image refers only to what it has: kernels, programs, buffers, operands, constants; that each call gets its
/// callee's frame; and that no program calls itself. What is behind a number is then never outside its table.
/// </summary>
internal static class VerifyImage
{
    /// <exception cref="InvalidDataException">Names the program, the step and the fault.</exception>
    public static void Run(ProgramImage image)
    {
        if (image.Programs.IsDefaultOrEmpty)
        {
            throw new InvalidDataException("the image has no program");
        }

        foreach (var program in image.Programs)
        {
            for (var b = 0; b < program.Buffers.Length; b++)
            {
                var plan = program.Buffers[b];
                Require(plan.Kind == BufferKind.Temporary || InRange(plan.Index, Table(image, program, plan.Kind)), program, $"buffer {b} is {plan.Kind} {plan.Index}, which is not there");
                Require(plan.LastStep >= plan.FirstStep, program, $"buffer {b} is alive from step {plan.FirstStep} to step {plan.LastStep}");
                Require(plan.Over < 0 || LiesOver(program, plan), program, $"buffer {b} cannot take the place of buffer {plan.Over}");
            }

            foreach (var (output, input) in program.Donations)
            {
                Require(InRange(output, program.Outputs.Length) && InRange(input, program.Inputs.Length), program, $"input {input} cannot be donated to output {output}");
            }

            for (var s = 0; s < program.Steps.Length; s++)
            {
                switch (program.Steps[s])
                {
                    case LaunchStep launch:
                        Require(InRange(launch.Kernel, image.Kernels.Length), program, $"step {s} runs kernel {launch.Kernel}, which is not there");
                        Refer(program, s, launch.Buffers);
                        Require(launch.NamesEarlierParametersOnly, program, $"step {s} has a size that follows from a parameter which is not there, or comes later");
                        Require(
                            !launch.MayBeKept || (launch.Buffers.Length == 2 && program.Buffers[launch.Buffers[1].Buffer].Kind == BufferKind.Temporary),
                            program, $"step {s} may be kept, and does not make one temporary of one buffer");
                        break;
                    case ManagedStep managed:
                        Refer(program, s, managed.Buffers);
                        Require(IsSound(managed), program, $"step {s} runs {managed.Op.Name} in a way that it cannot be");
                        break;
                    case CallStep call:
                        Call(image.Programs, program, s, call);
                        break;
                    case var other:
                        throw Bad(program, $"step {s} is a {other.GetType().Name}, which is no step");
                }
            }
        }

        var state = new int[image.Programs.Length];
        for (var p = 0; p < state.Length; p++)
        {
            Descend(image, p, state);
        }
    }

    // Where its lifetime joins that of another temporary, of the same size. As the other begins before it, there is no circle.
    private static bool LiesOver(GraphProgram program, BufferPlan plan) =>
        plan.Kind == BufferKind.Temporary && InRange(plan.Over, program.Buffers.Length) && program.Buffers[plan.Over] is { Kind: BufferKind.Temporary } under
        && under.Bytes == plan.Bytes && under.LastStep == plan.FirstStep && under.FirstStep < plan.FirstStep;

    private static void Call(ImmutableArray<GraphProgram> programs, GraphProgram program, int s, CallStep call)
    {
        Require(InRange(call.Program, programs.Length), program, $"step {s} calls program {call.Program}, which is not there");
        var callee = programs[call.Program];
        Require(
            call.Inputs.Length == callee.Inputs.Length && call.Outputs.Length == callee.Outputs.Length, program,
            $"step {s} gives '{callee.Name}' {call.Inputs.Length} inputs and {call.Outputs.Length} outputs; it has {callee.Inputs.Length} and {callee.Outputs.Length}");
        Refer(program, s, call.Inputs);
        Refer(program, s, call.Outputs);
        switch (call)
        {
            case BranchStep branch:
                Refer(program, s, [branch.Condition, .. branch.Otherwise]);
                Require(branch.Otherwise.Length == branch.Outputs.Length, program, $"step {s} has {branch.Outputs.Length} outputs and {branch.Otherwise.Length} values for when it is not taken");
                break;
            case LoopStep loop:
                Refer(program, s, [loop.Condition, .. loop.Initial, .. loop.Carried]);
                Require(
                    loop.Initial.Length == loop.Carried.Length && loop.Outputs.Length == loop.Carried.Length + 1, program,
                    $"step {s} carries {loop.Carried.Length} values from {loop.Initial.Length} first ones, and its body gives {loop.Outputs.Length}");
                Refer(program, s, [.. new[] { loop.Tape, loop.Mark }.OfType<BufferRef>()]);
                Require(loop.Saved.All(i => InRange(i, loop.Carried.Length)), program, $"step {s} records a value that it does not carry");
                Require(loop.Tape is not null || loop.Saved.IsEmpty, program, $"step {s} records values on no tape");
                break;
            case UnwindStep unwind:
                Refer(program, s, [unwind.Tape, unwind.Cursor, .. unwind.Saved, .. unwind.Initial, .. unwind.Carried]);
                Require(
                    unwind.Initial.Length == unwind.Carried.Length && unwind.Outputs.Length == unwind.Carried.Length
                    && unwind.Saved.Length + unwind.Carried.Length <= unwind.Inputs.Length, program,
                    $"step {s} carries {unwind.Carried.Length} values from {unwind.Initial.Length} first ones, and its program gives {unwind.Outputs.Length}");
                break;
        }

        Require(
            InRange(call.Frame, program.Buffers.Length) && program.Buffers[call.Frame] is { Kind: BufferKind.Frame } frame && frame.Index == call.Program, program,
            $"step {s} calls '{callee.Name}' without a frame of it");
    }

    // The managed code relies on the op's own rule.
    private static bool IsSound(ManagedStep step)
    {
        if (step.Op.Code == OpCode.HostCall)
        {
            return step.Types.Length == step.Buffers.Length && step.Types.Length > 2 && step.Attributes.Find("call") is DimAttribute { Value.IsConstant: true };
        }

        if (DenseKernels.Find(step.Op.Code) is null || step.Types.Length != step.Buffers.Length || step.Types.IsEmpty)
        {
            return false;
        }

        try
        {
            var attributes = step.Attributes;
            return step.Op.InferTypes(step.Types.RemoveAt(step.Types.Length - 1), ref attributes) is [var result] && result == step.Types[^1] && attributes.Equals(step.Attributes);
        }
        catch (ShapeException)
        {
            return false;
        }
    }

    private static void Refer(GraphProgram program, int s, ImmutableArray<BufferRef> places)
    {
        foreach (var place in places)
        {
            Require(
                InRange(place.Buffer, program.Buffers.Length) && program.Buffers[place.Buffer].Kind != BufferKind.Frame, program,
                $"step {s} uses buffer {place.Buffer}, which is not there");
        }
    }

    /// <summary>How many things of a kind there are to refer to.</summary>
    private static int Table(ProgramImage image, GraphProgram program, BufferKind kind) => kind switch
    {
        BufferKind.Input => program.Inputs.Length,
        BufferKind.Output => program.Outputs.Length,
        BufferKind.Constant => image.Constants.Length,
        BufferKind.Frame => image.Programs.Length,
        _ => 0,
    };

    // 0: not seen, 1: on the way down, 2: done.
    private static void Descend(ProgramImage image, int index, int[] state)
    {
        var program = image.Programs[index];
        Require(state[index] != 1, program, "it calls itself");
        if (state[index] == 2)
        {
            return;
        }

        state[index] = 1;
        foreach (var callee in program.Steps.OfType<CallStep>().Select(c => c.Program)
            .Concat(program.Buffers.Where(b => b.Kind == BufferKind.Frame).Select(b => b.Index)))
        {
            Descend(image, callee, state);
        }

        state[index] = 2;
    }

    private static bool InRange(int index, int count) => (uint)index < (uint)count;

    private static void Require(bool holds, GraphProgram program, string fault)
    {
        if (!holds)
        {
            throw Bad(program, fault);
        }
    }

    private static InvalidDataException Bad(GraphProgram program, string fault) => new($"program '{program.Name}': {fault}");
}
