using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified;

/// <summary>A relation of two numbers. Any relation with NaN is false, save "not equal".</summary>
internal interface IRelation
{
    static abstract bool Holds<T>(T x, T y)
        where T : unmanaged, INumber<T>;
}

/// <summary>Elementwise kernels from two operands of one dtype to bool.</summary>
internal static unsafe class ComparisonKernels
{
    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        Row<Equal>(OpCode.Equal, true),
        Row<NotEqual>(OpCode.NotEqual, true),
        Row<Less>(OpCode.Less, false),
        Row<LessEqual>(OpCode.LessEqual, false),
        Row<Greater>(OpCode.Greater, false),
        Row<GreaterEqual>(OpCode.GreaterEqual, false),
    ];

    private static KernelRow Row<TRelation>(OpCode code, bool acceptsBool)
        where TRelation : struct, IRelation
    {
        BinaryLoop?[] loops =
        [
            acceptsBool ? Each<byte, TRelation> : null,
            Each<byte, TRelation>, Each<sbyte, TRelation>, Each<short, TRelation>, Each<int, TRelation>, Each<long, TRelation>,
            Half<TRelation>(DType.F16), Half<TRelation>(DType.BF16), Each<float, TRelation>, Each<double, TRelation>,
        ];
        return new(code, (operands, _) => operands[0].DType == operands[1].DType && loops[(int)operands[0].DType] is { } loop
            ? ElementwiseLoops.Run(loop, operands[0], operands[1], DType.Bool)
            : null);
    }

    private static void Each<T, TRelation>(byte* x, byte* y, byte* result, int n)
        where T : unmanaged, INumber<T>
        where TRelation : struct, IRelation
    {
        var left = (T*)x;
        var right = (T*)y;
        for (var i = 0; i < n; i++)
        {
            var holds = TRelation.Holds(left[i], right[i]);
            result[i] = Unsafe.BitCast<bool, byte>(holds);
        }
    }

    private static BinaryLoop Half<TRelation>(DType dtype)
        where TRelation : struct, IRelation => (x, y, result, n) =>
    {
        const int Chunk = 512;
        var left = stackalloc float[Chunk];
        var right = stackalloc float[Chunk];
        for (var done = 0; done < n; done += Chunk)
        {
            var count = Math.Min(Chunk, n - done);
            HalfPrecision.ToSingle(dtype, x + (done * 2), left, count);
            HalfPrecision.ToSingle(dtype, y + (done * 2), right, count);
            Each<float, TRelation>((byte*)left, (byte*)right, result + done, count);
        }
    };

    private readonly struct Equal : IRelation
    {
        public static bool Holds<T>(T x, T y)
            where T : unmanaged, INumber<T> => x == y;
    }

    private readonly struct NotEqual : IRelation
    {
        public static bool Holds<T>(T x, T y)
            where T : unmanaged, INumber<T> => x != y;
    }

    private readonly struct Less : IRelation
    {
        public static bool Holds<T>(T x, T y)
            where T : unmanaged, INumber<T> => x < y;
    }

    private readonly struct LessEqual : IRelation
    {
        public static bool Holds<T>(T x, T y)
            where T : unmanaged, INumber<T> => x <= y;
    }

    private readonly struct Greater : IRelation
    {
        public static bool Holds<T>(T x, T y)
            where T : unmanaged, INumber<T> => x > y;
    }

    private readonly struct GreaterEqual : IRelation
    {
        public static bool Holds<T>(T x, T y)
            where T : unmanaged, INumber<T> => x >= y;
    }
}
