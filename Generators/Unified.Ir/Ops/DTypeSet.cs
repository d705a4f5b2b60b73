namespace Unified.Ir;

/// <summary>The dtypes an operand may have, and the words for them in messages.</summary>
public sealed record DTypeSet(string Words, Func<DType, bool> Contains)
{
    public static DTypeSet Any { get; } = new("any dtype", _ => true);

    public static DTypeSet None { get; } = new("no dtype", _ => false);

    public static DTypeSet F32 { get; } = new("f32", d => d == DType.F32);

    public static DTypeSet NarrowFloat { get; } = new("f32, f16 or bf16", d => d.IsFloat() && d != DType.F64);

    public static DTypeSet Numeric { get; } = new("a numeric dtype", d => d.IsNumeric());

    public static DTypeSet Float { get; } = new("a floating-point dtype", d => d.IsFloat());

    public static DTypeSet Wide { get; } = new("f32 or f64", d => d is DType.F32 or DType.F64);

    public static DTypeSet Bool { get; } = new("bool", d => d == DType.Bool);

    public static DTypeSet Logical { get; } = new("bool or an integer dtype", d => !d.IsFloat());

    public static DTypeSet Index { get; } = new("i32 or i64", d => d is DType.I32 or DType.I64);
}
