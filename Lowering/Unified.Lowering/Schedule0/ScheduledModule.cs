using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule0;

/// <summary>Kernels and the programs that launch them; a launch step names its kernel by position.</summary>
public sealed record ScheduledModule(ImmutableArray<LoopKernel> Kernels, ImmutableArray<GraphProgram> Programs, ImmutableArray<string> Dims);
