namespace Unified.Native;

/// <summary>Comparisons of integers and pointers: U is unsigned, S signed.</summary>
public enum LlvmIntPredicate
{
    Eq = 32,
    Ne,
    Ugt,
    Uge,
    Ult,
    Ule,
    Sgt,
    Sge,
    Slt,
    Sle,
}

/// <summary>Comparisons of floating-point numbers: O (ordered) is false and U (unordered) is true when an operand is NaN.</summary>
public enum LlvmRealPredicate
{
    False,
    Oeq,
    Ogt,
    Oge,
    Olt,
    Ole,
    One,
    Ord,
    Uno,
    Ueq,
    Ugt,
    Uge,
    Ult,
    Ule,
    Une,
    True,
}
