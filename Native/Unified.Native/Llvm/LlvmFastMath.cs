namespace Unified.Native;

/// <summary>What the optimiser may do to a floating-point instruction beyond IEEE 754.</summary>
[Flags]
public enum LlvmFastMath : uint
{
    None = 0,

    /// <summary>Reorder sums and products: needed for a reduction over lanes to be a tree and not a chain.</summary>
    Reassociate = 1,
    NoNaNs = 2,
    NoInfinities = 4,
    NoSignedZeros = 8,
    AllowReciprocal = 16,

    /// <summary>Join a product and a sum into one fused multiply-add.</summary>
    Contract = 32,
    ApproximateFunctions = 64,
}
