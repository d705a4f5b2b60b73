using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A host argument that a recorded graph was specialized to.</summary>
public sealed record RecordedHostSpec(HostOperand Value) : ArgumentSpec;

/// <summary>Always the tensor with this number in the trace.</summary>
public sealed record RecordedTensorBinding(int Object) : InputBinding;

/// <summary>Fetched at each call.</summary>
public sealed record RecordedThunkBinding(TracedThunk Thunk) : InputBinding;

/// <summary>Handed to a setter.</summary>
public sealed record RecordedRebindBinding(TracedThunk Setter, int Flag) : HandedBinding;

/// <summary>The exception to throw.</summary>
public sealed record RecordedThrowBinding(ImmutableArray<TracedThunk> Exceptions) : OutputBinding
{
    public bool Equals(RecordedThrowBinding? other) => other is not null && Exceptions.SequenceEqual(other.Exceptions);

    public override int GetHashCode() => Exceptions.Length;
}

/// <summary>A host value to be checked at each call.</summary>
public sealed record RecordedGuard(TracedThunk Thunk, HostOperand Expected)
{
    /// <summary>As <see cref="Guard.IsLate"/>.</summary>
    public bool IsLate { get; init; }
}

/// <summary>As <see cref="HostCall"/>.</summary>
public sealed record RecordedHostCall(TracedThunk Thunk, ImmutableArray<GivenArgument> Given, string Name)
{
    public bool Equals(RecordedHostCall? other) => other is not null && Thunk == other.Thunk && Name == other.Name && Given.SequenceEqual(other.Given);

    public override int GetHashCode() => Thunk.GetHashCode();
}

/// <summary>
/// A compiled function without the objects it was compiled on: they stand as numbers of its trace. Its image has no kernels; those of each
/// target stand in the artifact.
/// </summary>
/// <param name="Origin">The entry point that asked for it, for people.</param>
public sealed record RecordedFunction(
    string Origin,
    HostTrace Trace,
    ImmutableArray<ArgumentSpec> Arguments,
    ProgramImage Image,
    ImmutableArray<InputBinding> Inputs,
    ImmutableArray<OutputBinding> Outputs,
    int ResultPositions,
    ImmutableArray<RecordedGuard> Guards,
    ImmutableArray<DimRequirement> Requirements)
{
    /// <summary>As <see cref="CompiledFunction.HasTry"/>.</summary>
    public bool HasTry { get; init; }

    /// <summary>The methods with <c>[Eager]</c> that it calls.</summary>
    public ImmutableArray<RecordedHostCall> HostCalls { get; init; } = [];

    /// <summary>The policy of mixed precision that it is called under.</summary>
    public PrecisionPolicy Precision { get; init; } = PrecisionPolicy.None;

    /// <summary>The method, by its documentation id.</summary>
    public string Key => Trace.Definitions[0].Key;
}

/// <summary>A recorded function with, for each target of the artifact, the positions of its kernels among the artifact's.</summary>
public sealed record ArtifactGraph(RecordedFunction Function, ImmutableArray<ImmutableArray<int>> Kernels);

/// <summary>Compiled graphs that ship with an app, for one or more targets.</summary>
/// <param name="Compiler">The version and build of the compiler that made them.</param>
/// <param name="Targets">The machines, as text of CPU and features: <c>x86-64-v3</c>.</param>
/// <param name="Kernels">The code, each piece once.</param>
public sealed record Artifact(string Compiler, ImmutableArray<string> Targets, ImmutableArray<KernelCode> Kernels, ImmutableArray<ArtifactGraph> Graphs)
{
    /// <summary>The numbers that its kernels are cut and written by.</summary>
    public Tuning Tuning { get; init; } = Tuning.Default;

    /// <summary>Raised whenever the meaning of any part changes.</summary>
    public const int FormatVersion = 4;
}
