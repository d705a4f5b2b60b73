using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>How the paths through a function have left it or a loop: slots beside its locals, so that branches merge them like any variable.</summary>
internal enum Exit
{
    /// <summary>Bool: a return statement was reached.</summary>
    Returned,

    /// <summary>What it returned.</summary>
    Result,

    /// <summary>Bool: the innermost loop was left by <c>break</c>.</summary>
    Broken,

    /// <summary>Bool: this turn of the innermost loop was left by <c>continue</c>.</summary>
    Continued,

    /// <summary>Bool: a loop on a tensor goes on.</summary>
    GoesOn,

    /// <summary>Int: the number of the exception that the path has left with; 0 for none.</summary>
    Thrown,
}

/// <summary>What a path through a function changes: its variables, the tensors it has written to, and the fields it has set.</summary>
/// <param name="Slots">Locals, then one for each <see cref="Exit"/>.</param>
internal sealed record FrameState(ImmutableArray<Value> Slots, ImmutableDictionary<PlaceKey, (OpValue Current, int Version)> Places, ImmutableArray<Rebound> Rebound);
