using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>A block of memory from an element on.</summary>
internal sealed record StorageRef(int Storage, Dim Offset);

/// <summary>A step before memory is planned.</summary>
internal abstract record ScheduledStep(string Label, SourceSpan? Source)
{
    public abstract IEnumerable<int> Reads { get; }

    public abstract IEnumerable<int> Writes { get; }

    /// <summary>Whether the step may write one storage over another that it reads.</summary>
    public abstract bool IsInPlace(int written, int read);
}

internal sealed record ScheduledLaunch(
    string Label, LoopKernel Kernel, ImmutableArray<StorageRef> Buffers, ImmutableArray<Dim> Parameters, Dim Units, Dim Grain, Dim ScratchBytes,
    Dim Flops, Dim Traffic, SourceSpan? Source) : ScheduledStep(Label, Source)
{
    public override IEnumerable<int> Reads => Buffers.Where((_, i) => !Kernel.Buffers[i].IsWritten).Select(b => b.Storage);

    public override IEnumerable<int> Writes => Buffers.Where((_, i) => Kernel.Buffers[i].IsWritten).Select(b => b.Storage);

    public override bool IsInPlace(int written, int read) => InPlace.IsSafe(this, written, read);
}

internal sealed record ScheduledCall(
    string Label, string Callee, ImmutableArray<StorageRef> Inputs, ImmutableArray<int> Outputs, SourceSpan? Source) : ScheduledStep(Label, Source)
{
    public override IEnumerable<int> Reads => Inputs.Select(i => i.Storage);

    public override IEnumerable<int> Writes => Outputs;

    /// <summary>What the callee's own donations allow: (output, input) pairs.</summary>
    public ImmutableArray<Donation> Donations { get; init; } = [];

    public override bool IsInPlace(int written, int read) =>
        Inputs.Count(i => i.Storage == read) == 1 && Outputs.IndexOf(written) is var output && output >= 0
        && Donations.Any(d => d.Output == output && Inputs[d.Input] is var input && input.Storage == read && input.Offset.Is(0));
}
