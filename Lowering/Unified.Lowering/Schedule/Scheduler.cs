using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Schedule;

/// <summary>What a schedule is made for.</summary>
/// <param name="Sizes">Of named dims, as far as they are known: what memory is planned for.</param>
public sealed record SchedulePlan(ConvolutionKernels Convolutions, IReadOnlyDictionary<string, long> Sizes)
{
    public static SchedulePlan Usual { get; } = new(ConvolutionKernels.ByCost, ImmutableDictionary<string, long>.Empty);

    /// <summary>The numbers that kernels are cut and written by.</summary>
    public Tuning Tuning { get; init; } = Tuning.Default;
}

/// <summary>Turns primitive Graph IR into Loop IR kernels and a program of launches for each graph.</summary>
public static class Scheduler
{
    public static ScheduledModule Schedule(GraphModule module, SchedulePlan plan)
    {
        var kernels = new KernelTable();
        var prepared = new EliminateDeadCode().Run(new GraphModule([.. module.Graphs.Select(PrepareGraph.Run)]));
        var numbers = prepared.Graphs.Select((g, i) => (g.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
        ImmutableArray<string> names = [.. PlannedSizes.Names(prepared.Graphs)];
        var sized = plan with { Sizes = PlannedSizes.Of(names, plan.Sizes) };

        // Callees first: a call step asks what its callee's outputs may share.
        var programs = new GraphProgram?[prepared.Graphs.Length];
        var checks = new ImmutableArray<IndexCheck>[programs.Length];
        Visit(0);
        return new ScheduledModule(kernels.Kernels, [.. programs.Select(p => p ?? Unreached)], names, []);

        void Visit(int index)
        {
            if (programs[index] is not null)
            {
                return;
            }

            var graph = prepared.Graphs[index];
            foreach (var callee in graph.Nodes.Select(n => n.Callee).OfType<string>())
            {
                Visit(numbers[callee]);
            }

            var found = new FindChecks(graph, name => checks[numbers[name]]);
            checks[index] = found.All;
            programs[index] = new ProgramBuilder(graph, kernels, name => (numbers[name], programs[numbers[name]]!), found, Frame, sized).Build();
        }

        long Frame(string name) => ProgramMemory.Of(programs!, sized.Sizes, numbers[name])[numbers[name]].ArenaBytes;
    }

    /// <summary>Whether a composite op of a type is scheduled whole.</summary>
    public static bool HasKernel(Op op, DType type) => op.Kernel.Contains(type);

    private static GraphProgram Unreached { get; } = new("unreached", [], [], [], [], []);
}

/// <summary>The kernels of a module, each structure once.</summary>
internal sealed class KernelTable
{
    private readonly List<LoopKernel> _kernels = [];
    private readonly Dictionary<string, int> _byText = new(StringComparer.Ordinal);

    public System.Collections.Immutable.ImmutableArray<LoopKernel> Kernels => [.. _kernels];

    public int Add(LoopKernel kernel)
    {
        var text = LoopText.Print(kernel);
        if (!_byText.TryGetValue(text, out var index))
        {
            _byText[text] = index = _kernels.Count;
            _kernels.Add(kernel);
        }

        return index;
    }
}
