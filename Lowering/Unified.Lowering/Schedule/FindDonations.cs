using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Finds the outputs that may be written over the inputs they replace: nothing reads the input after the step that writes the output, and
/// that step reads it, if at all, element for element; and nothing may fail once it is written, for a call that throws leaves all state as it was.
/// </summary>
internal static class FindDonations
{
    public static ImmutableArray<Donation> Run(
        Graph graph, GraphProgram program, ImmutableArray<LoopKernel> kernels, Func<string, (int Number, GraphProgram Program)> callee,
        Func<int, int> bufferOf, IReadOnlyList<bool> mayFail)
    {
        var lastToFail = mayFail.Index().Where(f => f.Item).Select(f => f.Index).DefaultIfEmpty(-1).Last();
        var donations = ImmutableArray.CreateBuilder<Donation>();
        var uses = program.Steps.SelectMany((step, s) => step.UsedBuffers.Distinct().Select(b => (Buffer: b, Step: s))).ToLookup(u => u.Buffer, u => u.Step);
        for (var o = 0; o < graph.Outputs.Length; o++)
        {
            var output = graph.Outputs[o];
            if (output.Kind == OutputKind.Assign && program.Buffers[bufferOf(output.Value)].FirstStep is var write
                && (lastToFail < write || (lastToFail == write && FailsBeforeItWrites(program.Steps[write], callee, bufferOf(output.Input), bufferOf(output.Value))))
                && IsSafe(program, kernels, callee, uses, bufferOf(output.Input), bufferOf(output.Value)))
            {
                donations.Add(new Donation(o, output.Input));
            }
        }

        return donations.ToImmutable();
    }

    // Of a plain call that is known by the donations of what it calls; managed code that overwrites looks first.
    private static bool FailsBeforeItWrites(ProgramStep step, Func<string, (int Number, GraphProgram Program)> callee, int input, int output) =>
        step is ManagedStep || (step is CallStep call and not (BranchStep or LoopStep or UnwindStep) && CalleeAllows(callee(call.Label).Program, call, input, output));

    /// <summary>Whether a program, at a turn of a loop, may write an output over the input that it replaces.</summary>
    public static bool AllowsInTurn(GraphProgram program, ImmutableArray<LoopKernel> kernels, Func<string, (int Number, GraphProgram Program)> callee, int output, int input)
    {
        int Buffer(BufferKind kind, int index) => program.Buffers.Select((b, i) => (b, i)).Where(p => p.b.Kind == kind && p.b.Index == index).Select(p => p.i).DefaultIfEmpty(-1).First();
        var (from, to) = (Buffer(BufferKind.Input, input), Buffer(BufferKind.Output, output));
        var uses = program.Steps.SelectMany((step, s) => step.UsedBuffers.Distinct().Select(b => (Buffer: b, Step: s))).ToLookup(u => u.Buffer, u => u.Step);
        return from >= 0 && to >= 0 && uses[to].Any() && IsSafe(program, kernels, callee, uses, from, to);
    }

    private static bool IsSafe(
        GraphProgram program, ImmutableArray<LoopKernel> kernels, Func<string, (int Number, GraphProgram Program)> callee, ILookup<int, int> uses,
        int input, int output)
    {
        var write = program.Buffers[output].FirstStep;
        foreach (var s in uses[input].Where(s => s >= write))
        {
            var isElementwise = s == write && program.Steps[s] switch
            {
                LaunchStep l => ReadsElementForElement(kernels[l.Kernel], l, input, output),
                BranchStep or LoopStep or UnwindStep => false,
                CallStep c => CalleeAllows(callee(c.Label).Program, c, input, output),
                ManagedStep m => m.Op.Has(OpTraits.Overwrites) && m.Buffers[0].Buffer == input && m.Buffers[^1].Buffer == output
                    && m.Buffers[0].ByteOffset == m.Buffers[^1].ByteOffset && m.Buffers.Skip(1).All(b => b.Buffer != input),
                _ => false,
            };
            if (!isElementwise)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a launch that writes a buffer reads another, if at all, only at the place that it writes, and before it does.</summary>
    public static bool ReadsElementForElement(LoopKernel kernel, LaunchStep step, int input, int output)
    {
        // A later stage reads its row again: only what the last one writes is written after all reads. A product's operands are read for many elements.
        var (nodes, stores) = kernel switch
        {
            RowKernel row => (row.Nodes, row.Stages[^1].Stores),
            ContractionKernel product when step.Buffers.Take(product.Operands).All(b => b.Buffer != input) => (product.Epilogue, product.Stores),
            _ => ([], []),
        };
        var writes = stores.Where(w => step.Buffers[w.Buffer].Buffer == output).ToList();
        return writes.Count == 1 && nodes.All(n => n switch
        {
            LoadNode l when step.Buffers[l.Buffer].Buffer == input =>
                step.Buffers[l.Buffer].ByteOffset == step.Buffers[writes[0].Buffer].ByteOffset && SameWalk(l.Strides, writes[0].Strides, step),
            GatherNode g => step.Buffers[g.Buffer].Buffer != input,
            _ => true,
        });
    }

    private static bool SameWalk(ImmutableArray<Stride> a, ImmutableArray<Stride> b, LaunchStep step) =>
        a.Zip(b).All(p => p.First.Kind == p.Second.Kind
            && (p.First.Kind != StrideKind.Parameter || step.Parameters[p.First.Parameter] == step.Parameters[p.Second.Parameter]));

    private static bool CalleeAllows(GraphProgram callee, CallStep step, int input, int output)
    {
        var inputs = Enumerable.Range(0, step.Inputs.Length).Where(i => step.Inputs[i].Buffer == input).ToList();
        var outputs = Enumerable.Range(0, step.Outputs.Length).Where(o => step.Outputs[o].Buffer == output).ToList();
        return inputs.Count == 1 && outputs.Count == 1 && step.Inputs[inputs[0]].ByteOffset.Is(0)
            && callee.Donations.Contains(new Donation(outputs[0], inputs[0]));
    }
}
