using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>How walks go along rows.</summary>
/// <param name="Remembers">What was dear to compute is written down for a later walk.</param>
internal sealed record RowWay(bool Remembers)
{
    /// <summary>Walks of other rows go on meanwhile: what is stored of a selection at one place is so once.</summary>
    public bool IsShared { get; init; }

    /// <summary>All that is stored along a row goes past the caches. Rows then are whole vectors and begin at whole lines.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>The stage that asks for rows to come.</summary>
    public int Asking { get; init; } = -1;

    /// <summary>How many elements farther what it asks for lies; null: what is loaded there is asked for by nobody.</summary>
    public Func<LoadNode, LlvmValue?> Distance { get; init; } = _ => null;
}
