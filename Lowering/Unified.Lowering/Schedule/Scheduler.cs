using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns primitive Graph IR into Loop IR kernels and the programs that launch them.</summary>
public sealed class Scheduler
{
    private readonly GraphModule _module;
    private readonly List<LoopKernel> _kernels = [];
    private readonly Dictionary<string, int> _kernelNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly Dictionary<string, GraphProgram> _programs = new(StringComparer.Ordinal);

    private Scheduler(GraphModule module) => _module = module;

    /// <param name="module">Graphs of primitive ops and calls only.</param>
    /// <exception cref="GraphCompileException">An op is left that should have been expanded.</exception>
    public static ScheduledModule Schedule(GraphModule module)
    {
        var scheduler = new Scheduler(module);
        scheduler.Number(module.Root);
        _ = scheduler.Program(module.Root.Name);
        ImmutableArray<GraphProgram> programs = [.. scheduler._order.Select(n => scheduler._programs[n])];
        return new ScheduledModule([.. scheduler._kernels], programs, Dims(programs), []);
    }

    // The root first; then each callee once, in the order of the calls.
    private void Number(Graph graph)
    {
        if (_order.Contains(graph.Name))
        {
            return;
        }

        _order.Add(graph.Name);
        foreach (var call in graph.Nodes.Where(n => n.Op.Code == OpCode.Call))
        {
            Number(_module.Get(call.Callee!));
        }
    }

    private GraphProgram Program(string name)
    {
        if (!_programs.TryGetValue(name, out var program))
        {
            var w = System.Diagnostics.Stopwatch.StartNew();
            var graph = PreparePrimitives.Run(JoinPads.Run(_module.Get(name)));
            var (context, steps, outputs) = ScheduleGraph.Run(graph, callee => Program(callee).Donations);
            Console.WriteLine($"T prepared+sched {w.ElapsedMilliseconds}");
            program = _programs[name] = PlanMemory.Plan(graph, context, steps, outputs, launch => KernelNumber(launch.Kernel), callee => _order.IndexOf(callee));
            Console.WriteLine($"T plan {w.ElapsedMilliseconds}");
        }

        return program;
    }

    private int KernelNumber(LoopKernel kernel)
    {
        var text = LoopText.Print(kernel);
        if (!_kernelNumbers.TryGetValue(text, out var number))
        {
            LoopVerifier.Check(kernel);
            number = _kernelNumbers[text] = _kernels.Count;
            _kernels.Add(kernel);
        }

        return number;
    }

    private static ImmutableArray<string> Dims(ImmutableArray<GraphProgram> programs)
    {
        var dims = programs.SelectMany(p => p.Inputs.Concat(p.Outputs).SelectMany(t => t.Shape)
            .Concat(p.Buffers.Select(b => b.Bytes))
            .Concat(p.Steps.OfType<LaunchStep>().SelectMany(s => s.Parameters.Concat([s.Units, s.Grain, s.ScratchBytes, s.Flops, s.Traffic]).Concat(s.Buffers.Select(b => b.ByteOffset)))));
        return [.. dims.SelectMany(d => d.Names()).Distinct().OrderBy(n => n, StringComparer.Ordinal)];
    }
}
