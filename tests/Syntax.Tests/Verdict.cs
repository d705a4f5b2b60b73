namespace Unified.Syntax.Tests;

/// <summary>How a snippet fared.</summary>
internal enum Outcome
{
    /// <summary>One compiled graph gave what the eager method gave.</summary>
    Accepted,

    /// <summary>The generator refuses it, with a place.</summary>
    Diagnosed,

    /// <summary>No graph came of it, the log says why, and the result is right.</summary>
    Eager,

    /// <summary>The modes differ, or no graph ran and nothing says so.</summary>
    Difference,

    /// <summary>The generator, the specializer or the generated code broke.</summary>
    Crash,

    /// <summary>C# itself does not take the snippet: a fault of the table.</summary>
    Invalid,
}

/// <param name="Id">The diagnostic's id.</param>
/// <param name="Place">The source text that it is at.</param>
/// <param name="Message">What went wrong or was said.</param>
internal sealed record Verdict(Outcome Outcome, string Id = "", string Place = "", string Message = "");
