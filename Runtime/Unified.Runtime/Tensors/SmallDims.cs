using Unified.Ir;

namespace Unified;

/// <summary>Constant dims, made once: eager tensors ask for their type often.</summary>
internal static class SmallDims
{
    private static readonly Dim?[] Cache = new Dim?[4096];

    public static Dim Of(int value) => (uint)value < (uint)Cache.Length ? Cache[value] ??= value : value;
}
