using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>A function of one number that every numeric type has.</summary>
internal interface INumericUnary
{
    static abstract T Invoke<T>(T x)
        where T : unmanaged, INumber<T>;
}

/// <summary>Elementwise kernels of one operand.</summary>
internal static class UnaryKernels
{
    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        Floating(OpCode.Exp, TensorPrimitives.Exp, TensorPrimitives.Exp),
        Floating(OpCode.Exp2, TensorPrimitives.Exp2, TensorPrimitives.Exp2),
        Floating(OpCode.Log, TensorPrimitives.Log, TensorPrimitives.Log),
        Floating(OpCode.Sqrt, TensorPrimitives.Sqrt, TensorPrimitives.Sqrt),
        Floating(OpCode.Rsqrt, TensorPrimitives.ReciprocalSqrt, TensorPrimitives.ReciprocalSqrt),
        Floating(OpCode.Sin, TensorPrimitives.Sin, TensorPrimitives.Sin),
        Floating(OpCode.Cos, TensorPrimitives.Cos, TensorPrimitives.Cos),
        Floating(OpCode.Tanh, VectorMath.Map<VectorMath.Tanh>, Each(Math.Tanh)),
        Floating(OpCode.Erf, VectorMath.Map<VectorMath.Erf>, Each(ErrorFunction.Erf)),
        Floating(OpCode.Floor, TensorPrimitives.Floor, TensorPrimitives.Floor),
        Floating(OpCode.Ceil, TensorPrimitives.Ceiling, TensorPrimitives.Ceiling),
        Floating(OpCode.Round, TensorPrimitives.Round, TensorPrimitives.Round),
        Floating(OpCode.Sigmoid, VectorMath.Map<VectorMath.Sigmoid>, Each(Sigmoid)),
        Floating(OpCode.Silu, VectorMath.Map<VectorMath.Silu>, Each(x => x * Sigmoid(x))),
        Floating(OpCode.Gelu, VectorMath.Map<VectorMath.Gelu>, Each(x => x * 0.5 * (1 + ErrorFunction.Erf(x * Math.Sqrt(0.5))))),
        Floating(OpCode.GeluTanh, VectorMath.Map<VectorMath.GeluTanh>, Each(GeluTanh)),
        Numeric<Neg>(OpCode.Neg, TensorPrimitives.Negate, TensorPrimitives.Negate),
        Numeric<Abs>(OpCode.Abs, TensorPrimitives.Abs, TensorPrimitives.Abs),
        Numeric<Sign>(OpCode.Sign, Each<float, Sign>, Each<double, Sign>),
        Numeric<Relu>(OpCode.Relu, (x, r) => TensorPrimitives.Max(x, 0f, r), (x, r) => TensorPrimitives.Max(x, 0d, r)),
        Numeric<Square>(OpCode.Square, (x, r) => TensorPrimitives.Multiply(x, x, r), (x, r) => TensorPrimitives.Multiply(x, x, r)),
        new(OpCode.LogicalNot, LogicalNot),
        new(OpCode.StopGradient, static (operands, _) =>
        {
            var result = operands[0].Alias();
            result.Slot = null;
            return result;
        }),
    ];

    private static KernelRow Floating(OpCode code, UnarySpan<float> single, UnarySpan<double> wide) => Row(code, Loops(single, wide));

    private static KernelRow Numeric<TFunction>(OpCode code, UnarySpan<float> single, UnarySpan<double> wide)
        where TFunction : struct, INumericUnary
    {
        var loops = Loops(single, wide);
        loops[(int)DType.U8] = ElementwiseLoops.Of<byte>(Each<byte, TFunction>);
        loops[(int)DType.I8] = ElementwiseLoops.Of<sbyte>(Each<sbyte, TFunction>);
        loops[(int)DType.I16] = ElementwiseLoops.Of<short>(Each<short, TFunction>);
        loops[(int)DType.I32] = ElementwiseLoops.Of<int>(Each<int, TFunction>);
        loops[(int)DType.I64] = ElementwiseLoops.Of<long>(Each<long, TFunction>);
        return Row(code, loops);
    }

    private static KernelRow Row(OpCode code, UnaryLoop?[] loops) =>
        new(code, (operands, _) => loops[(int)operands[0].DType] is { } loop ? ElementwiseLoops.Run(loop, operands[0]) : null);

    private static UnaryLoop?[] Loops(UnarySpan<float> single, UnarySpan<double> wide)
    {
        var loops = new UnaryLoop?[DTypes.All.Length];
        loops[(int)DType.F16] = ElementwiseLoops.Half(DType.F16, single);
        loops[(int)DType.BF16] = ElementwiseLoops.Half(DType.BF16, single);
        loops[(int)DType.F32] = ElementwiseLoops.Of(single);
        loops[(int)DType.F64] = ElementwiseLoops.Of(wide);
        return loops;
    }

    private static UnarySpan<double> Each(Func<double, double> function) => (x, result) =>
    {
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = function(x[i]);
        }
    };

    private static void Each<T, TFunction>(ReadOnlySpan<T> x, Span<T> result)
        where T : unmanaged, INumber<T>
        where TFunction : struct, INumericUnary
    {
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = TFunction.Invoke(x[i]);
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double GeluTanh(double x) =>
        x * 0.5 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    // Bools hold 0 or 1; integers are taken bit by bit.
    private static unsafe Tensor? LogicalNot(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var x = operands[0];
        if (x.DType.IsFloat())
        {
            return null;
        }

        var result = x.Clone();
        var mask = x.DType == DType.Bool ? (byte)1 : (byte)0xFF;
        var bytes = x.Size * x.DType.Bytes();
        for (long done = 0; done < bytes;)
        {
            var span = new Span<byte>(result.Data + done, (int)Math.Min(1 << 28, bytes - done));
            TensorPrimitives.Xor(span, mask, span);
            done += span.Length;
        }

        return result;
    }

    private readonly struct Neg : INumericUnary
    {
        public static T Invoke<T>(T x)
            where T : unmanaged, INumber<T> => unchecked(-x);
    }

    private readonly struct Abs : INumericUnary
    {
        public static T Invoke<T>(T x)
            where T : unmanaged, INumber<T> => x < T.Zero ? unchecked(-x) : x;
    }

    // NaN stays NaN.
    private readonly struct Sign : INumericUnary
    {
        public static T Invoke<T>(T x)
            where T : unmanaged, INumber<T> => x > T.Zero ? T.One : x < T.Zero ? -T.One : x;
    }

    private readonly struct Relu : INumericUnary
    {
        public static T Invoke<T>(T x)
            where T : unmanaged, INumber<T> => T.Max(x, T.Zero);
    }

    private readonly struct Square : INumericUnary
    {
        public static T Invoke<T>(T x)
            where T : unmanaged, INumber<T> => unchecked(x * x);
    }
}
