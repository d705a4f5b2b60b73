namespace Unified.Native;

/// <summary>Who sees a function or global outside its module.</summary>
public enum LlvmLinkage
{
    External = 0,
    AvailableExternally = 1,
    LinkOnceAny = 2,
    LinkOnceOdr = 3,
    WeakAny = 5,
    WeakOdr = 6,
    Appending = 7,
    Internal = 8,
    Private = 9,
    ExternalWeak = 12,
    Common = 14,
}

/// <summary>Calling conventions that kernels use.</summary>
public enum LlvmCallingConvention
{
    C = 0,
    Fast = 8,

    /// <summary>An entry point of a PTX module.</summary>
    PtxKernel = 71,

    /// <summary>A function that PTX kernels call.</summary>
    PtxDevice = 72,
}
