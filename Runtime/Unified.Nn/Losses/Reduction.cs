namespace Unified.Nn;

/// <summary>What becomes of the losses of all elements.</summary>
public enum Reduction
{
    /// <summary>Their mean, a single number.</summary>
    Mean,

    /// <summary>Their sum, a single number.</summary>
    Sum,

    /// <summary>They stay apart.</summary>
    None,
}
