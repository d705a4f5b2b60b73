using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Schedule;
using Unified.Lowering.Specialize;

namespace Unified.Lowering;

/// <summary>A function as programs and kernels, before any machine is chosen.</summary>
internal sealed record ScheduledFunction(
    SpecializedFunction Specialized, ScheduledModule Module, int Graphs, double SpecializeMilliseconds, double PassesMilliseconds, double ScheduleMilliseconds, PhaseDump? Dump)
{
    /// <summary>With the code of a machine.</summary>
    public CompiledFunction With(string target, ImmutableArray<KernelCode> kernels, double codeMilliseconds, int fromCache) => new(
        Image(target, kernels), Specialized.Inputs, Specialized.Outputs, Specialized.ResultPositions, Specialized.Guards,
        new CompileStatistics(SpecializeMilliseconds, PassesMilliseconds, codeMilliseconds, Graphs, kernels.Length, fromCache) { ScheduleMilliseconds = ScheduleMilliseconds })
    {
        Requirements = Specialized.Requirements,
        HostCalls = Specialized.HostCalls,
        HasTry = Specialized.HasTry,
    };

    public ProgramImage Image(string target, ImmutableArray<KernelCode> kernels) => new(target, Module.Dims, kernels, Module.Programs, Module.Constants);
}
