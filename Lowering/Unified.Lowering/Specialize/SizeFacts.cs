using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>What can be proved of a size when nothing is known of the named dims but that they are not negative.</summary>
internal static class SizeFacts
{
    public static bool IsNonNegative(Dim dim) => dim.Terms.All(t => t.Coefficient > 0 && t.Atoms.All(IsNonNegative));

    public static bool IsNegative(Dim dim) => IsNonNegative((dim * -1) - 1);

    private static bool IsNonNegative(DimAtom atom) => atom switch
    {
        DimFunction { Kind: DimFunctionKind.Max } f => IsNonNegative(f.Left) || IsNonNegative(f.Right),
        DimFunction f => IsNonNegative(f.Left) && IsNonNegative(f.Right),
        _ => true,
    };
}
