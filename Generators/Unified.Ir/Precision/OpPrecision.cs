namespace Unified.Ir;

/// <summary>What an op is computed in under a <see cref="PrecisionPolicy"/>.</summary>
public enum OpPrecision
{
    /// <summary>As its operands come; where their dtypes differ, the policy says which of them wins.</summary>
    Follow,

    /// <summary>Products: half the bytes, and sums that are kept in f32 anyway.</summary>
    Low,

    /// <summary>What loses digits or range in a short type: exponentials and logarithms, long sums, moments, norms, losses.</summary>
    Full,
}
