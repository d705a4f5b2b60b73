using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A function specialized to an instance and a signature. Bindings stand in the order of the root graph's inputs and outputs.</summary>
/// <param name="ResultPositions">The number of tensors in the result.</param>
public sealed record SpecializedFunction(
    GraphModule Module,
    ImmutableArray<InputBinding> Inputs,
    ImmutableArray<OutputBinding> Outputs,
    int ResultPositions,
    ImmutableArray<Guard> Guards)
{
    /// <summary>What must hold of the named dims for the graph to mean what the method means.</summary>
    public ImmutableArray<DimRequirement> Requirements { get; init; } = [];

    /// <summary>The methods with <c>[Eager]</c> that it calls, by their numbers.</summary>
    public ImmutableArray<HostCall> HostCalls { get; init; } = [];

    /// <summary>As <see cref="CompiledFunction.HasTry"/>.</summary>
    public bool HasTry { get; init; }

    /// <summary>A loop of it runs as often as sizes that are not known say, or adds to lists: unrolled, it may be differentiated again.</summary>
    public bool HasSequenceLoops { get; init; }

    /// <summary>What was asked of the host; null when it was not to be kept.</summary>
    internal HostTraceRecorder? Recorder { get; init; }
}
