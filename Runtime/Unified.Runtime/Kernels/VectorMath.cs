using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Unified;

/// <summary>A function of sixteen f32 at once.</summary>
internal interface IVectorFunction
{
    static abstract Vector512<float> Invoke(Vector512<float> x);
}

/// <summary>
/// f32 functions the library lacks or computes with cancellation. Polynomials of tanh and erf: Cephes, S. Moshier; errors of a few ulp.
/// </summary>
internal static class VectorMath
{
    public static void Map<TFunction>(ReadOnlySpan<float> x, Span<float> result)
        where TFunction : struct, IVectorFunction
    {
        ref var source = ref MemoryMarshal.GetReference(x);
        ref var target = ref MemoryMarshal.GetReference(result);
        var i = 0;
        for (; i <= x.Length - 16; i += 16)
        {
            TFunction.Invoke(Vector512.LoadUnsafe(ref source, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
        }

        if (i < x.Length)
        {
            Span<float> tail = stackalloc float[16];
            tail.Clear();
            x[i..].CopyTo(tail);
            TFunction.Invoke(Vector512.Create<float>(tail)).CopyTo(tail);
            tail[..(x.Length - i)].CopyTo(result[i..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Polynomial(Vector512<float> x, ReadOnlySpan<float> highestFirst)
    {
        var sum = Vector512.Create(highestFirst[0]);
        for (var i = 1; i < highestFirst.Length; i++)
        {
            sum = Vector512.FusedMultiplyAdd(sum, x, Vector512.Create(highestFirst[i]));
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> WithSignOf(Vector512<float> magnitude, Vector512<float> sign) =>
        magnitude | (sign & Vector512.Create(-0f));

    internal readonly struct Tanh : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x)
        {
            var magnitude = Vector512.Abs(x);
            var square = x * x;
            var near = Polynomial(square, [-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f]);
            var small = Vector512.FusedMultiplyAdd(near * square, x, x);
            var large = Vector512<float>.One - (Vector512.Create(2f) / (Vector512.Exp(magnitude + magnitude) + Vector512<float>.One));
            return Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(0.625f)), small, WithSignOf(large, x));
        }
    }

    internal readonly struct Erf : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x)
        {
            var magnitude = Vector512.Abs(x);
            var square = x * x;
            var small = x * Polynomial(
                square,
                [7.853861353153693e-5f, -8.010193625184903e-4f, 5.188327685732524e-3f, -2.685381193529856e-2f, 1.128358514861418e-1f, -3.761262582423300e-1f, 1.128379165726710f]);

            // 1 - exp(-x²)/|x|·P(1/x²), with one polynomial up to 2 and another beyond.
            var over = Vector512<float>.One / Vector512.Max(magnitude, Vector512<float>.One);
            var overSquare = over * over;
            var middle = Polynomial(
                overSquare,
                [2.326819970068386e-2f, -1.387039388740657e-1f, 3.687424674597105e-1f, -5.824733027278666e-1f, 6.210004621745983e-1f, -4.944515323274145e-1f, 3.404879937665872e-1f, -2.741127028184656e-1f, 5.638259427386472e-1f]);
            var far = Polynomial(
                overSquare,
                [-1.047766399936249e+1f, 1.297719955372516e+1f, -7.495518717768503f, 2.921019019210786f, -1.015265279202700f, 4.218463358204948e-1f, -2.820767439740514e-1f, 5.641895067754075e-1f]);
            var tail = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(2f)), middle, far);
            var large = Vector512<float>.One - (Vector512.Exp(-square) * over * tail);
            return Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512<float>.One), small, WithSignOf(large, x));
        }
    }

    internal readonly struct Sigmoid : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x) =>
            Vector512<float>.One / (Vector512<float>.One + Vector512.Exp(-x));
    }

    internal readonly struct Silu : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x) => x * Sigmoid.Invoke(x);
    }

    internal readonly struct Gelu : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x) =>
            x * Vector512.Create(0.5f) * (Vector512<float>.One + Erf.Invoke(x * Vector512.Create(0.70710678f)));
    }

    internal readonly struct GeluTanh : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x)
        {
            var scale = Vector512.Create(0.7978845608f);
            var inner = x * Vector512.FusedMultiplyAdd(x * x, Vector512.Create(0.044715f * 0.7978845608f), scale);
            return x * Vector512.Create(0.5f) * (Vector512<float>.One + Tanh.Invoke(inner));
        }
    }
}
