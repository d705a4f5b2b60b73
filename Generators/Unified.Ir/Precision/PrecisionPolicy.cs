namespace Unified.Ir;

/// <summary>The floating-point dtypes among some operands.</summary>
[Flags]
public enum FloatTypes
{
    None = 0,
    F16 = 1,
    BF16 = 2,
    F32 = 4,
    F64 = 8,
}

/// <summary>
/// The one rule of mixed precision: which dtype the operands of an op are cast to. Eager calls and the specializer both ask it, for each op that the
/// user's code names; what an op is defined in, and its gradient, run on what they are given.
/// </summary>
public sealed record PrecisionPolicy
{
    /// <param name="low">f16 or bf16.</param>
    /// <exception cref="ArgumentException">Another dtype.</exception>
    public PrecisionPolicy(DType low, PrecisionLevel level)
    {
        if (level != PrecisionLevel.O0 && low is not (DType.F16 or DType.BF16))
        {
            throw new ArgumentException($"mixed precision computes in f16 or bf16, not in {low.Text()}", nameof(low));
        }

        (Low, Level) = (level == PrecisionLevel.O0 ? DType.F32 : low, level);
    }

    /// <summary>Nothing is cast.</summary>
    public static PrecisionPolicy None { get; } = new(DType.F32, PrecisionLevel.O0);

    public DType Low { get; }

    public PrecisionLevel Level { get; }

    public bool IsNone => Level == PrecisionLevel.O0;

    /// <summary>The dtype that the floating-point operands are to have; null: that which they have. An op that an f64 tensor takes part in stays as it is.</summary>
    public DType? OperandType(Op op, FloatTypes met) => IsNone || met == FloatTypes.None || (met & FloatTypes.F64) != 0 ? null : op.Precision switch
    {
        OpPrecision.Low => Low,
        OpPrecision.Full => Level == PrecisionLevel.O3 ? Low : DType.F32,
        _ => IsOne(met) ? null : Level == PrecisionLevel.O1 ? DType.F32 : Low,
    };

    /// <summary>Whether a value of one dtype is cast when it is written over a tensor of another.</summary>
    public bool CastsToStore(DType value, DType target) => !IsNone && value != target && IsShort(value) && IsShort(target);

    public static FloatTypes Of(DType dtype) => dtype switch
    {
        DType.F16 => FloatTypes.F16,
        DType.BF16 => FloatTypes.BF16,
        DType.F32 => FloatTypes.F32,
        DType.F64 => FloatTypes.F64,
        _ => FloatTypes.None,
    };

    /// <summary><c>bf16 O1</c>, or <c>none</c>.</summary>
    public override string ToString() => IsNone ? "none" : $"{Low.Text()} {Level}";

    /// <summary>The policy of a text that <see cref="ToString"/> makes; null for any other.</summary>
    public static PrecisionPolicy? Parse(string text) =>
        text == "none" ? None
        : text.Split(' ') is [var low, var level] && DTypes.TryParse(low, out var dtype) && dtype is DType.F16 or DType.BF16
            && Enum.TryParse<PrecisionLevel>(level, out var known) && known is > PrecisionLevel.O0 and <= PrecisionLevel.O3 && known.ToString() == level
            ? new PrecisionPolicy(dtype, known)
            : null;

    private static bool IsShort(DType dtype) => dtype is DType.F16 or DType.BF16 or DType.F32;

    private static bool IsOne(FloatTypes met) => (met & (met - 1)) == 0;
}
