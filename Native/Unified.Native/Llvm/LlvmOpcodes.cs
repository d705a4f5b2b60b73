namespace Unified.Native;

/// <summary>Operations with two operands of one type. The numbers are the C interface's, which differ from the C++ ones.</summary>
public enum LlvmBinary
{
    Add = 8,
    FAdd = 9,
    Sub = 10,
    FSub = 11,
    Mul = 12,
    FMul = 13,
    UDiv = 14,
    SDiv = 15,
    FDiv = 16,
    URem = 17,
    SRem = 18,
    FRem = 19,
    Shl = 20,
    LShr = 21,
    AShr = 22,
    And = 23,
    Or = 24,
    Xor = 25,
}

/// <summary>Conversions. The numbers are the C interface's, which differ from the C++ ones.</summary>
public enum LlvmCast
{
    Trunc = 30,
    ZExt = 31,
    SExt = 32,
    FPToUI = 33,
    FPToSI = 34,
    UIToFP = 35,
    SIToFP = 36,
    FPTrunc = 37,
    FPExt = 38,
    PtrToInt = 39,
    IntToPtr = 40,
    BitCast = 41,
    AddrSpaceCast = 60,
}

/// <summary>What an integer operation promises of its result, or of its operands.</summary>
[Flags]
public enum LlvmWrap
{
    None = 0,

    /// <summary>No unsigned overflow (add, sub, mul, shl).</summary>
    NoUnsigned = 1,

    /// <summary>No signed overflow (add, sub, mul, shl).</summary>
    NoSigned = 2,

    /// <summary>No remainder, no bits shifted out (udiv, sdiv, lshr, ashr).</summary>
    Exact = 4,
}
