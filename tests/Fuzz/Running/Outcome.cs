namespace Unified.Fuzz;

/// <summary>What became of a program.</summary>
internal enum Outcome
{
    /// <summary>Accepted, compiled, and the same in both modes.</summary>
    Equal,

    /// <summary>The same in both modes, but graph mode ran it eagerly and said so.</summary>
    Eager,

    /// <summary>An error at a place within the method.</summary>
    Diagnosed,

    /// <summary>C# itself refuses it.</summary>
    Invalid,

    /// <summary>The two modes differ, silently.</summary>
    Difference,

    /// <summary>The process ended, or the generator failed.</summary>
    Crash,

    /// <summary>No answer in time.</summary>
    Hang,

    /// <summary>It does not end, or ends the process, eagerly as well: nothing to compare.</summary>
    Endless,
}

/// <summary>One program's outcome, with what was seen.</summary>
internal sealed record Verdict(string Name, Outcome Outcome, string Detail)
{
    /// <summary>The detail of an equal program whose results differ as much as the last bits of inputs and state move them.</summary>
    public const string RoundingOfInputs = "rounding of inputs";

    /// <summary>The same of one that only the last bits of each op move so much.</summary>
    public const string RoundingOfOps = "rounding of ops";

    public bool IsFailure => Outcome is Outcome.Difference or Outcome.Crash or Outcome.Hang;
}
