using System.Collections.Immutable;

namespace Unified.Lowering.Onnx;

/// <summary>Forms of the wider families of ops.</summary>
internal static class OnnxFamilies
{
    public static ImmutableArray<OnnxRow> Rows { get; } = [];
}
