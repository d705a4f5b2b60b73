using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Kernels and the programs that launch them; a launch step names its kernel by position. Constants are the blobs that buffers of that kind name.</summary>
public sealed record ScheduledModule(ImmutableArray<LoopKernel> Kernels, ImmutableArray<GraphProgram> Programs, ImmutableArray<string> Dims,
    ImmutableArray<ImmutableArray<byte>> Constants);
