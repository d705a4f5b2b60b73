using System.Runtime.CompilerServices;

namespace Unified;

/// <summary>An argument on its way from a generated companion to the runtime. Numbers travel unboxed.</summary>
public readonly struct Argument
{
    private Argument(object? reference, long bits, ArgumentKind kind) => (Reference, Bits, Kind) = (reference, bits, kind);

    /// <summary>The tensor, list or host object; null for numbers.</summary>
    public object? Reference { get; }

    /// <summary>The bits of a number or bool.</summary>
    public long Bits { get; }

    public ArgumentKind Kind { get; }

    /// <summary>No tensor is a host value like any other null.</summary>
    public static Argument Of(Tensor? value) => new(value, 0, value is null ? ArgumentKind.Object : ArgumentKind.Tensor);

    public static Argument Of(IReadOnlyList<Tensor> value) => new(value, 0, ArgumentKind.TensorList);

    public static Argument Of(int value) => new(null, value, ArgumentKind.Int32);

    public static Argument Of(long value) => new(null, value, ArgumentKind.Int64);

    public static Argument Of(bool value) => new(null, value ? 1 : 0, ArgumentKind.Boolean);

    public static Argument Of(float value) => new(null, BitConverter.SingleToInt32Bits(value), ArgumentKind.Single);

    public static Argument Of(double value) => new(null, BitConverter.DoubleToInt64Bits(value), ArgumentKind.Double);

    public static Argument Of(object? value) => new(value, 0, ArgumentKind.Object);

    /// <summary>A value of a type parameter: a tensor or a number where it stands for their type.</summary>
    public static Argument OfType<T>(T value) =>
        typeof(T) == typeof(Tensor) ? Of((Tensor?)(object?)value)
        : typeof(T) == typeof(int) ? Of(Unsafe.As<T, int>(ref value))
        : typeof(T) == typeof(long) ? Of(Unsafe.As<T, long>(ref value))
        : typeof(T) == typeof(bool) ? Of(Unsafe.As<T, bool>(ref value))
        : typeof(T) == typeof(float) ? Of(Unsafe.As<T, float>(ref value))
        : typeof(T) == typeof(double) ? Of(Unsafe.As<T, double>(ref value))
        : Of((object?)value);

    /// <summary>The value as specialization sees it. Boxes numbers: not for the steady state.</summary>
    public object? ToObject() => Kind switch
    {
        ArgumentKind.Int32 => (int)Bits,
        ArgumentKind.Int64 => Bits,
        ArgumentKind.Boolean => Bits != 0,
        ArgumentKind.Single => BitConverter.Int32BitsToSingle((int)Bits),
        ArgumentKind.Double => BitConverter.Int64BitsToDouble(Bits),
        _ => Reference,
    };
}

/// <summary>What an <see cref="Argument"/> holds.</summary>
public enum ArgumentKind : byte
{
    Tensor,
    TensorList,
    Object,
    Int32,
    Int64,
    Boolean,
    Single,
    Double,
}
