using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>An IR breaks the rules of its level: a fault of the pass or tool that made it, not of the user's program.</summary>
public sealed class IrVerifyException : Exception
{
    public IrVerifyException(string what, ImmutableArray<string> problems)
        : base($"{what} is not valid:\n  " + string.Join("\n  ", problems)) => Problems = problems;

    /// <summary>One line each: the rule, the place, what is wrong there.</summary>
    public ImmutableArray<string> Problems { get; }
}
