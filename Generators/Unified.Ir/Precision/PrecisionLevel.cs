namespace Unified.Ir;

/// <summary>How far a policy goes.</summary>
public enum PrecisionLevel
{
    /// <summary>Nothing is cast.</summary>
    O0,

    /// <summary>Products in the low dtype, what needs digits in f32; where a low and an f32 tensor meet, the result is f32.</summary>
    O1,

    /// <summary>As <see cref="O1"/>, but where a low and an f32 tensor meet, the result is low: all but norms, losses and the like.</summary>
    O2,

    /// <summary>All that floats meet is low, norms and losses too.</summary>
    O3,
}
