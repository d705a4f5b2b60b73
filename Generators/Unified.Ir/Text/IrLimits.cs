namespace Unified.Ir;

/// <summary>Bounds on what is read, so that bad input ends in an error instead of a full stack or a full memory.</summary>
internal static class IrLimits
{
    /// <summary>Levels of nested blocks, regions and brackets.</summary>
    public const int BlockDepth = 400;

    /// <summary>Levels of nested graphs in the binary form; protobuf itself stops at 100 messages.</summary>
    public const int RegionDepth = 32;

    /// <summary>Characters of one dim.</summary>
    public const int DimText = 8192;

    /// <summary>Levels of functions and brackets in one dim.</summary>
    public const int DimDepth = 64;

    /// <summary>Terms of one dim, also while it is being multiplied out.</summary>
    public const int DimTerms = 1024;

    /// <summary>Factors of one term.</summary>
    public const int DimDegree = 128;
}
