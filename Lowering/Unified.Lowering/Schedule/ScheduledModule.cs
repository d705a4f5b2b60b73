using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Kernels and the programs that launch them; the first program is the root.</summary>
/// <param name="Kernels">Each structure once; <see cref="LaunchStep.Kernel"/> is an index into it.</param>
/// <param name="Programs">One for each graph of the module that is reached from the root.</param>
/// <param name="Dims">The named dims that sizes depend on, sorted.</param>
/// <param name="Constants">Blobs that buffers of kind <see cref="BufferKind.Constant"/> name.</param>
public sealed record ScheduledModule(
    ImmutableArray<LoopKernel> Kernels, ImmutableArray<GraphProgram> Programs, ImmutableArray<string> Dims, ImmutableArray<ImmutableArray<byte>> Constants);
