using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;
using Unified.Lowering.Specialize;
using Unified.Lowering.Targets;
using Unified.Native;

namespace Unified.Lowering.Artifacts;

/// <summary>A function that was compiled for every target, on its way into an artifact.</summary>
/// <param name="Kernels">For each target, the code in the order of the programs' kernel numbers.</param>
public sealed record AheadOfTimeFunction(RecordedFunction Function, ImmutableArray<ImmutableArray<KernelCode>> Kernels, CompileStatistics Statistics);

/// <summary>
/// Turns functions into code for several machines and keeps all that an artifact needs. As a compiler it hands out the code that this machine
/// can run, so that what is being compiled can also run. Numbers are tuned as the options say, and never by a table of the machine that builds.
/// </summary>
public sealed class AheadOfTimeCompiler : IGraphCompiler
{
    private readonly ImmutableArray<CodeTarget> _targets;
    private readonly List<AheadOfTimeFunction> _functions = [];

    public AheadOfTimeCompiler(IEnumerable<CodeTarget> targets) => _targets = [.. targets];

    /// <summary>Where the next functions come from, for people.</summary>
    public string Origin { get; set; } = "";

    /// <summary>What was compiled, in order.</summary>
    public IReadOnlyList<AheadOfTimeFunction> Functions => _functions;

    /// <inheritdoc/>
    public CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options)
    {
        var scheduled = GraphCompiler.Schedule(function, self, arguments, options, isRecorded: true);
        var clock = Stopwatch.StartNew();
        var kernels = ImmutableArray.CreateBuilder<ImmutableArray<KernelCode>>(_targets.Length);
        var fromCache = 0;
        foreach (var target in _targets)
        {
            var (code, cached) = GraphCompiler.Emit(scheduled.Module, target.Emitter, options, scheduled.Dump);
            kernels.Add(code);
            fromCache += cached;
        }

        var recorded = Record(scheduled) with { Precision = options.Precision };
        _functions.Add(new AheadOfTimeFunction(
            recorded, kernels.MoveToImmutable(), scheduled.With("", [], clock.Elapsed.TotalMilliseconds, fromCache).Statistics with { Kernels = scheduled.Module.Kernels.Length }));

        var runnable = Enumerable.Range(0, _targets.Length).Where(i => HostCpu.Target.CanRun(_targets[i].Machine)).ToList();
        if (runnable.Count == 0)
        {
            return new GraphCompiler().Compile(function, self, arguments, options with { Tuning = options.Tuning ?? Tuning.Default });
        }

        var best = runnable.MaxBy(i => _targets[i].Machine.Features.Count);
        return scheduled.With(_targets[best].Emitter.Target, _functions[^1].Kernels[best], clock.Elapsed.TotalMilliseconds, fromCache);
    }

    /// <summary>The artifact of functions, each kernel once. It depends on their order and content alone.</summary>
    /// <param name="compiler">The compiler's version and build.</param>
    /// <param name="tuning">That they were compiled with; null: the default.</param>
    public static Artifact Pack(string compiler, ImmutableArray<string> targets, IEnumerable<AheadOfTimeFunction> functions, Tuning? tuning = null)
    {
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        var kernels = ImmutableArray.CreateBuilder<KernelCode>();
        ImmutableArray<ArtifactGraph> graphs =
        [
            .. functions.Select(f => new ArtifactGraph(f.Function, [.. f.Kernels.Select(target => target.Select(Position).ToImmutableArray())])),
        ];
        return new Artifact(compiler, targets, kernels.ToImmutable(), graphs) { Tuning = tuning ?? Tuning.Default };

        int Position(KernelCode kernel)
        {
            if (positions.TryAdd(kernel.Key, kernels.Count))
            {
                kernels.Add(kernel);
            }

            return positions[kernel.Key];
        }
    }

    private RecordedFunction Record(ScheduledFunction scheduled)
    {
        var specialized = scheduled.Specialized;
        var recorder = specialized.Recorder!;
        ImmutableArray<InputBinding> inputs = [.. specialized.Inputs.Select(i => Input(recorder, i))];
        ImmutableArray<OutputBinding> outputs = [.. specialized.Outputs.Select(o => Output(recorder, o))];
        ImmutableArray<RecordedGuard> guards =
        [
            .. specialized.Guards.Select(g => new RecordedGuard(recorder.Thunk(g.Function, g.Thunk, g.Self, g.Arguments), recorder.Operand(g.Expected)) { IsLate = g.IsLate }),
        ];
        ImmutableArray<RecordedHostCall> calls = [.. specialized.HostCalls.Select(c => new RecordedHostCall(recorder.Thunk(c.Function, c.Thunk, c.Self, c.Arguments), c.Given, c.Name))];
        return new RecordedFunction(
            Origin, recorder.Trace, recorder.Arguments, scheduled.Image("", []), inputs, outputs, specialized.ResultPositions, guards, specialized.Requirements) { HostCalls = calls, HasTry = specialized.HasTry };
    }

    private static InputBinding Input(HostTraceRecorder recorder, InputBinding binding) => binding switch
    {
        TensorBinding tensor => new RecordedTensorBinding(((HostObject)recorder.Operand(tensor.Tensor)).Number),
        ThunkBinding t => new RecordedThunkBinding(recorder.Thunk(t.Function, t.Thunk, t.Self, t.Arguments)),
        _ => binding,
    };

    private static OutputBinding Output(HostTraceRecorder recorder, OutputBinding binding) => binding switch
    {
        RebindBinding r => new RecordedRebindBinding(recorder.Thunk(r.Function, r.Thunk, r.Self, r.Arguments), r.Flag) { Input = r.Input, Twin = r.Twin },
        ThrowBinding thrown => new RecordedThrowBinding([.. thrown.Exceptions.Select(e => recorder.Thunk(e.Function, e.Thunk, e.Self, e.Arguments))]),
        _ => binding,
    };
}
