using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Loops;
using Unified.Lowering.Passes;
using Unified.Lowering.Schedule;
using Unified.Lowering.Specialize;
using Unified.Lowering.Targets.X64;

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
        var clock = Stopwatch.StartNew();
        var dump = PhaseDump.Open(options.DumpFolder, ModuleGraphs.NameOf(function.Key));
        var specialized = Specializer.Specialize(function, self, arguments, options.Growing);
        dump?.Write(Phase.Specialize, "module", GraphText.Print(specialized.Module));
        var specializeTime = Lap(clock);

        var context = new PassContext(Verify: dump is not null, (pass, made) => dump?.Write(Phase.Rewrite, pass, GraphText.Print(made))) { HasKernel = Scheduler.HasKernel };
        var module = Pipeline.Run(specialized.Module, context);
        var scheduled = Scheduler.Schedule(module);
        dump?.Write(Phase.Schedule, "kernels", string.Join("\n\n", scheduled.Kernels.Select(LoopText.Print)));
        var passesTime = Lap(clock);

        var (kernels, fromCache) = Emit(scheduled, options, dump);
        var image = new ProgramImage(s_emitter.Value.Target, scheduled.Dims, kernels, scheduled.Programs, scheduled.Constants);
        var statistics = new CompileStatistics(specializeTime, passesTime, Lap(clock), module.Graphs.Length, kernels.Length, fromCache);
        return new CompiledFunction(image, specialized.Inputs, specialized.Outputs, specialized.ResultPositions, specialized.Guards, statistics)
        {
            Requirements = specialized.Requirements,
        };
    }

    private static (ImmutableArray<KernelCode> Kernels, int FromCache) Emit(ScheduledModule scheduled, CompileOptions options, PhaseDump? dump)
    {
        try
        {
            var emitter = s_emitter.Value;
            var store = s_stores.GetOrAdd(options.CacheFolder ?? "", _ => new KernelStore(options.CacheFolder));
            if (dump is not null)
            {
                for (var i = 0; i < scheduled.Kernels.Length; i++)
                {
                    dump.Write(Phase.Emit, $"kernel{i}", emitter.EmitAssembly(scheduled.Kernels[i], $"kernel{i}"));
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
