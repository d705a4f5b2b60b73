using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Literals and locals.</summary>
internal static class LocalSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<LiteralInstruction>((f, i) => f[i.Result] = new HostValue(i.Value)),
        Step.Of<LoadInstruction>((f, i) => f[i.Result] = f.Local(i.Local)),
        Step.Of<StoreInstruction>((f, i) => f.SetLocal(i.Local, f[i.Value])),
    ];
}
