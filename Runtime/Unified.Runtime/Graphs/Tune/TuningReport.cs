using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>What became of a value that was tried.</summary>
public enum TrialOutcome
{
    /// <summary>It was faster by more than measurements differ, twice, and results agree.</summary>
    Accepted,

    /// <summary>It was not faster by more than measurements differ.</summary>
    NoGain,

    /// <summary>Results differ by more than the contract allows. This is a fault of the compiler.</summary>
    Disagrees,
}

/// <summary>A value that was tried for a class of kernels, beside the best one before it.</summary>
/// <param name="BeforeMilliseconds">Median time of the kernels in question with the former value, over all calls.</param>
/// <param name="AfterMilliseconds">The same with the new value, measured in turns with the former.</param>
/// <param name="SpreadMilliseconds">How far measurements of one value lie apart: the larger distance between quartiles.</param>
public sealed record TuningTrial(
    KernelClass Kernels, Tunable Tunable, int Former, int Value, double BeforeMilliseconds, double AfterMilliseconds, double SpreadMilliseconds, TrialOutcome Outcome);

/// <summary>The time of a kind of kernel launch in one run of all calls, by default and as tuned, measured in turns.</summary>
public sealed record TunedKernel(string Label, double DefaultMilliseconds, double TunedMilliseconds);

/// <summary>What a search for better numbers found.</summary>
/// <param name="Tuning">The numbers; the default where none were better.</param>
/// <param name="Trials">In the order that they were made. Values that give the same code are not tried.</param>
/// <param name="Kernels">Slowest first.</param>
/// <param name="Untried">Values that the budget left no time for.</param>
/// <param name="LeftOut">Calls that cannot be repeated from the same state, each with why.</param>
public sealed record TuningReport(
    Tuning Tuning, ImmutableArray<TuningTrial> Trials, ImmutableArray<TunedKernel> Kernels, int Untried, ImmutableArray<(string Call, string Why)> LeftOut)
{
    /// <summary>The median time of one run of all calls by default, in milliseconds.</summary>
    public double DefaultMilliseconds { get; init; }

    /// <summary>The same as tuned.</summary>
    public double TunedMilliseconds { get; init; }
}
