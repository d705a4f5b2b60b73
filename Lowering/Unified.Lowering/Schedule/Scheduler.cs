using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Schedule;

/// <summary>Turns primitive Graph IR into Loop IR kernels and a program of launches for each graph.</summary>
public static class Scheduler
{
    public static ScheduledModule Schedule(GraphModule module, ConvolutionKernels convolutions = ConvolutionKernels.ByCost)
    {
        var kernels = new KernelTable();
        var prepared = new EliminateDeadCode().Run(new GraphModule([.. module.Graphs.Select(PrepareGraph.Run)]));
        var numbers = prepared.Graphs.Select((g, i) => (g.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);

        // Callees first: a call step asks what its callee's outputs may share.
        var programs = new GraphProgram?[prepared.Graphs.Length];
        Visit(0);
        var names = prepared.Graphs.SelectMany(g => g.Types).SelectMany(t => t.Shape).SelectMany(d => d.Names()).Distinct(StringComparer.Ordinal);
        return new ScheduledModule(kernels.Kernels, [.. programs.Select(p => p ?? Unreached)], [.. names.Order(StringComparer.Ordinal)], []);

        GraphProgram Visit(int index)
        {
            if (programs[index] is { } known)
            {
                return known;
            }

            var graph = prepared.Graphs[index];
            foreach (var callee in graph.Nodes.Select(n => n.Callee).OfType<string>())
            {
                Visit(numbers[callee]);
            }

            return programs[index] = new ProgramBuilder(graph, kernels, name => (numbers[name], programs[numbers[name]]!), convolutions).Build();
        }
    }

    /// <summary>Whether a composite op of a type is scheduled whole.</summary>
    public static bool HasKernel(Op op, DType type) => op.Has(OpTraits.Managed)
        || (op.Code is OpCode.Attention or OpCode.AttentionGradient or OpCode.QuantizedMatMul ? type == DType.F32 : op.Has(OpTraits.Contraction) && type.IsFloat());

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
