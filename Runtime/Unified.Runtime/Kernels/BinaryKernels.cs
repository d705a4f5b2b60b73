using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>A function of two spans that every numeric type has.</summary>
internal interface INumericBinary
{
    static abstract void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
        where T : unmanaged, INumber<T>;
}

/// <summary>A function of two spans that every integer type has.</summary>
internal interface IIntegerBinary
{
    static abstract void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
        where T : unmanaged, IBinaryInteger<T>;
}

/// <summary>Elementwise kernels of two operands of one dtype. Integers wrap.</summary>
internal static class BinaryKernels
{
    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        Numeric<Add>(OpCode.Add),
        Numeric<Sub>(OpCode.Sub),
        Numeric<Mul>(OpCode.Mul),
        Numeric<Div>(OpCode.Div),
        Numeric<Max>(OpCode.Maximum),
        Numeric<Min>(OpCode.Minimum),
        Numeric<Remainder>(OpCode.Remainder),
        Row(OpCode.Pow, With(new BinaryLoop?[DTypes.All.Length], Pow, Pow)),
        Logical<And>(OpCode.LogicalAnd),
        Logical<Or>(OpCode.LogicalOr),
        Logical<Xor>(OpCode.LogicalXor),
    ];

    private static KernelRow Row(OpCode code, BinaryLoop?[] loops) => new(code, (operands, _) =>
        operands[0].DType == operands[1].DType && loops[(int)operands[0].DType] is { } loop
            ? ElementwiseLoops.Run(loop, operands[0], operands[1], operands[0].DType)
            : null);

    private static KernelRow Numeric<TFunction>(OpCode code)
        where TFunction : struct, INumericBinary
    {
        var loops = With(new BinaryLoop?[DTypes.All.Length], TFunction.Run<float>, TFunction.Run<double>);
        loops[(int)DType.U8] = ElementwiseLoops.Of<byte>(TFunction.Run);
        loops[(int)DType.I8] = ElementwiseLoops.Of<sbyte>(TFunction.Run);
        loops[(int)DType.I16] = ElementwiseLoops.Of<short>(TFunction.Run);
        loops[(int)DType.I32] = ElementwiseLoops.Of<int>(TFunction.Run);
        loops[(int)DType.I64] = ElementwiseLoops.Of<long>(TFunction.Run);
        return Row(code, loops);
    }

    private static KernelRow Logical<TFunction>(OpCode code)
        where TFunction : struct, IIntegerBinary
    {
        var loops = new BinaryLoop?[DTypes.All.Length];
        loops[(int)DType.Bool] = ElementwiseLoops.Of<byte>(TFunction.Run);
        loops[(int)DType.U8] = ElementwiseLoops.Of<byte>(TFunction.Run);
        loops[(int)DType.I8] = ElementwiseLoops.Of<sbyte>(TFunction.Run);
        loops[(int)DType.I16] = ElementwiseLoops.Of<short>(TFunction.Run);
        loops[(int)DType.I32] = ElementwiseLoops.Of<int>(TFunction.Run);
        loops[(int)DType.I64] = ElementwiseLoops.Of<long>(TFunction.Run);
        return Row(code, loops);
    }

    private static BinaryLoop?[] With(BinaryLoop?[] loops, BinarySpan<float> single, BinarySpan<double> wide)
    {
        loops[(int)DType.F16] = ElementwiseLoops.Half(DType.F16, single);
        loops[(int)DType.BF16] = ElementwiseLoops.Half(DType.BF16, single);
        loops[(int)DType.F32] = ElementwiseLoops.Of(single);
        loops[(int)DType.F64] = ElementwiseLoops.Of(wide);
        return loops;
    }

    // Whole numbers divided by zero are zero, as in a graph, which cannot throw for one element; and the least number has no opposite to overflow to.
    private static bool IsMinusOne<T>(T value)
        where T : INumber<T> => T.IsNegative(value) && T.IsZero(value + T.One);

    private static bool IsFloat<T>() => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    // The vectorised power of the library goes through exp and log and loses digits and signs.
    private static void Pow(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result)
    {
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = (float)Math.Pow(x[i], y[i]);
        }
    }

    private static void Pow(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<double> result)
    {
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = Math.Pow(x[i], y[i]);
        }
    }

    private readonly struct Add : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T> => TensorPrimitives.Add(x, y, result);
    }

    private readonly struct Sub : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T> => TensorPrimitives.Subtract(x, y, result);
    }

    private readonly struct Mul : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T> => TensorPrimitives.Multiply(x, y, result);
    }

    private readonly struct Div : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T>
        {
            if (IsFloat<T>())
            {
                TensorPrimitives.Divide(x, y, result);
                return;
            }

            for (var i = 0; i < x.Length; i++)
            {
                result[i] = T.IsZero(y[i]) ? T.Zero : IsMinusOne(y[i]) ? T.Zero - x[i] : x[i] / y[i];
            }
        }
    }

    private readonly struct Max : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T> => TensorPrimitives.Max(x, y, result);
    }

    private readonly struct Min : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T> => TensorPrimitives.Min(x, y, result);
    }

    private readonly struct Remainder : INumericBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, INumber<T>
        {
            for (var i = 0; i < x.Length; i++)
            {
                result[i] = !IsFloat<T>() && (T.IsZero(y[i]) || IsMinusOne(y[i])) ? T.Zero : x[i] % y[i];
            }
        }
    }

    private readonly struct And : IIntegerBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, IBinaryInteger<T> => TensorPrimitives.BitwiseAnd(x, y, result);
    }

    private readonly struct Or : IIntegerBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, IBinaryInteger<T> => TensorPrimitives.BitwiseOr(x, y, result);
    }

    private readonly struct Xor : IIntegerBinary
    {
        public static void Run<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> result)
            where T : unmanaged, IBinaryInteger<T> => TensorPrimitives.Xor(x, y, result);
    }
}
