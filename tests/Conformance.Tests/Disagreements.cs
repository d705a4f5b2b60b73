using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>Where ONNX Runtime gives what ONNX or NumPy do not say, so that it is no reference.</summary>
internal static class Disagreements
{
    private sealed record Row(OpCode Code, Func<Case, bool> Where, string Why);

    private static readonly ImmutableArray<Row> Rows =
    [
        new(OpCode.Mean, c => c.Sizes == "empty", "the mean of nothing is NaN, as in NumPy; ONNX Runtime gives 0"),
    ];

    public static string? Of(Case call) => Rows.FirstOrDefault(r => r.Code == call.Op.Code && r.Where(call))?.Why;
}
