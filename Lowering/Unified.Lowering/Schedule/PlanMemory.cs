using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns storages into buffers with lifetimes, steps into those of a program, and finds the inputs whose memory an output may take over.</summary>
internal sealed class PlanMemory
{
    private readonly Graph _graph;
    private readonly GraphContext _context;
    private readonly ImmutableArray<ScheduledStep> _steps;
    private readonly ImmutableArray<int> _outputs;
    private readonly List<BufferPlan> _buffers = [];
    private readonly Dictionary<int, int> _numbers = [];
    private readonly Dictionary<int, (int First, int Last)> _lives = [];

    private PlanMemory(Graph graph, GraphContext context, ImmutableArray<ScheduledStep> steps, ImmutableArray<int> outputs) =>
        (_graph, _context, _steps, _outputs) = (graph, context, steps, outputs);

    /// <param name="graph">The graph.</param>
    /// <param name="context">Its storages.</param>
    /// <param name="steps">In order.</param>
    /// <param name="outputs">The storage of each output.</param>
    /// <param name="kernelOf">The number of a launch's kernel.</param>
    /// <param name="programOf">The number of a callee's program.</param>
    public static GraphProgram Plan(
        Graph graph, GraphContext context, ImmutableArray<ScheduledStep> steps, ImmutableArray<int> outputs,
        Func<ScheduledLaunch, int> kernelOf, Func<string, int> programOf)
    {
        var plan = new PlanMemory(graph, context, steps, outputs);
        plan.AddBuffers();
        var program = ImmutableArray.CreateBuilder<ProgramStep>();
        for (var i = 0; i < steps.Length; i++)
        {
            program.Add(steps[i] switch
            {
                ScheduledLaunch launch => plan.Launch(launch, kernelOf(launch)),
                ScheduledCall call => plan.Call(call, programOf(call.Callee), i),
                _ => throw new InvalidOperationException($"unknown step {steps[i].GetType().Name}"),
            });
        }

        return new GraphProgram(
            graph.Name, [.. graph.Inputs.Select(i => i.Type)], [.. graph.Outputs.Select(o => graph.TypeOf(o.Value))], [.. plan._buffers],
            plan.Donations(), program.ToImmutable());
    }

    private void AddBuffers()
    {
        for (var step = 0; step < _steps.Length; step++)
        {
            foreach (var storage in _steps[step].Writes.Concat(_steps[step].Reads))
            {
                _lives[storage] = (_lives.TryGetValue(storage, out var life) ? life.First : step, step);
            }
        }

        for (var i = 0; i < _graph.Inputs.Length; i++)
        {
            Add(i, BufferKind.Input, i);
        }

        for (var i = 0; i < _outputs.Length; i++)
        {
            Add(_outputs[i], BufferKind.Output, i);
        }

        foreach (var storage in _steps.SelectMany(s => s.Writes.Concat(s.Reads)))
        {
            if (!_numbers.ContainsKey(storage))
            {
                Add(storage, BufferKind.Temporary, 0);
            }
        }
    }

    private void Add(int storage, BufferKind kind, int index)
    {
        var (first, last) = _lives.GetValueOrDefault(storage);
        _numbers[storage] = _buffers.Count;
        _buffers.Add(new BufferPlan(kind, index, _context.Storages[storage].Bytes, first, last));
    }

    private BufferRef Ref(StorageRef place) => new(_numbers[place.Storage], place.Offset * _context.Storages[place.Storage].DType.Bytes());

    private LaunchStep Launch(ScheduledLaunch s, int kernel) => new(
        s.Label, kernel, [.. s.Buffers.Select(Ref)], s.Parameters, s.Units, s.Grain, s.ScratchBytes, s.Flops, s.Traffic, s.Source);

    private CallStep Call(ScheduledCall s, int program, int step)
    {
        _buffers.Add(new BufferPlan(BufferKind.Frame, program, Dim.Zero, step, step));
        return new CallStep(s.Label, program, [.. s.Inputs.Select(Ref)], [.. s.Outputs.Select(o => Ref(new StorageRef(o, Dim.Zero)))], _buffers.Count - 1, s.Source);
    }

    private ImmutableArray<Donation> Donations()
    {
        var donations = ImmutableArray.CreateBuilder<Donation>();
        var given = new HashSet<int>();
        for (var i = 0; i < _graph.Outputs.Length; i++)
        {
            var output = _graph.Outputs[i];
            if (output.Kind == OutputKind.Assign && !given.Contains(output.Input) && IsSafe(_outputs[i], output.Input))
            {
                _ = given.Add(output.Input);
                donations.Add(new Donation(i, output.Input));
            }
        }

        return donations.ToImmutable();
    }

    // Nobody reads the old value once the new one is there, and no other output is made of the old value in the same memory.
    private bool IsSafe(int written, int input)
    {
        if (_context.Storages[written].Bytes != _graph.Inputs[input].Type.Bytes)
        {
            return false;
        }

        var first = _lives[written].First;
        return !_lives.TryGetValue(input, out var life) || life.Last < first || (life.Last == first && _steps[first].IsInPlace(written, input));
    }
}
