using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Loops;
using Unified.Lowering.Passes;
using Unified.Lowering.Recompute;
using Unified.Lowering.Schedule;
using Unified.Lowering.Specialize;
using Unified.Lowering.Targets.X64;
using Unified.Lowering.Tune;

namespace Unified.Lowering;

/// <summary>Turns a captured function, an instance and a signature into compiled code: the phases of <see cref="Phase"/> in order.</summary>
public sealed class GraphCompiler : IGraphCompiler
{
    // One per folder and process: a kernel met again is not read again.
    private static readonly ConcurrentDictionary<string, KernelStore> s_stores = new(StringComparer.Ordinal);

    private static readonly Lazy<X64Emitter> s_emitter = new(X64Emitter.ForHost);

    /// <inheritdoc/>
    public CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options)
    {
        var scheduled = Schedule(function, self, arguments, options with { Tuning = ChooseTuning.For(options) }, isRecorded: false);
        var clock = Stopwatch.StartNew();
        var (kernels, fromCache) = Emit(scheduled.Module, s_emitter.Value, options, scheduled.Dump);
        return scheduled.With(s_emitter.Value.Target, kernels, Lap(clock), fromCache);
    }

    /// <summary>All phases but the last: what is the same for every target.</summary>
    internal static ScheduledFunction Schedule(
        FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options, bool isRecorded)
    {
        var clock = Stopwatch.StartNew();
        var dump = PhaseDump.Open(options.DumpFolder, ModuleGraphs.NameOf(function.Key));
        var context = new PassContext(Verify: dump is not null, (pass, made) => dump?.Write(Phase.Rewrite, pass, GraphText.Print(made))) { HasKernel = Scheduler.HasKernel };
        var (specialized, specializeTime) = Specialize(rolls: true);
        GraphModule module;
        try
        {
            module = Pipeline.Run(specialized.Module, context);
        }
        catch (GraphCompileException e) when (e.EagerIsPossible && specialized.HasSequenceLoops)
        {
            // Unrolled, for one size, it may be a graph: a second derivative is.
            (specialized, specializeTime) = Specialize(rolls: false);
            module = Pipeline.Run(specialized.Module, context);
        }

        var passesTime = Lap(clock);
        var plan = new SchedulePlan(options.Convolutions, options.Sizes) { Tuning = options.Tuning ?? Tuning.Default };
        var scheduled = options.MemoryLimit is { } limit ? FitMemory.Run(module, plan, limit) : Scheduler.Schedule(module, plan);
        dump?.Write(Phase.Schedule, "kernels", string.Join("\n\n", scheduled.Kernels.Select(LoopText.Print)));
        dump?.Write(Phase.Schedule, "memory", MemoryText.Print(scheduled.Programs, PlannedSizes.Of(scheduled.Dims, options.Sizes)));
        return new ScheduledFunction(specialized, scheduled, module.Graphs.Length, specializeTime, passesTime, Lap(clock), dump);

        (SpecializedFunction Function, double Time) Specialize(bool rolls)
        {
            var made = Specializer.Specialize(function, self, arguments, options.Growing, isRecorded, options.Precision, rolls);
            dump?.Write(Phase.Specialize, "module", GraphText.Print(made.Module));
            return (made, Lap(clock));
        }
    }

    /// <summary>The last phase, for one target.</summary>
    internal static (ImmutableArray<KernelCode> Kernels, int FromCache) Emit(ScheduledModule scheduled, IKernelEmitter emitter, CompileOptions options, PhaseDump? dump)
    {
        try
        {
            var store = s_stores.GetOrAdd(options.CacheFolder ?? "", _ => new KernelStore(options.CacheFolder));
            if (dump is not null)
            {
                for (var i = 0; i < scheduled.Kernels.Length; i++)
                {
                    dump.Write(Phase.Emit, $"kernel{i}", emitter.EmitText(scheduled.Kernels[i], $"kernel{i}"));
                }
            }

            return store.GetOrEmit(scheduled.Kernels, emitter, options.Threads);
        }
        catch (NotSupportedException e)
        {
            throw new GraphCompileException(e.Message, null, e) { EagerIsPossible = true };
        }
    }

    private static double Lap(Stopwatch clock)
    {
        var milliseconds = clock.Elapsed.TotalMilliseconds;
        clock.Restart();
        return milliseconds;
    }
}
