using System.Collections.Immutable;
using System.Numerics;
using Unified.Ir;

namespace Unified;

/// <summary>The index of the largest element along an axis: the first of equals; NaN counts as larger than any number.</summary>
internal static unsafe class ArgMaxKernel
{
    private delegate void Search(byte* x, long outer, long reduced, long inner, long* result);

    private static readonly Search?[] Searches =
    [
        null, Find<byte>, Find<sbyte>, Find<short>, Find<int>, Find<long>, null, null, Find<float>, Find<double>,
    ];

    public static ImmutableArray<KernelRow> Rows { get; } = [new(OpCode.ArgMax, HalfPrecision.Lift(Run))];

    private static Tensor? Run(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var x = operands[0];
        if (Searches[(int)x.DType] is not { } search || ReductionLayout.Axis(attributes, x.Rank) is not { } axis)
        {
            return null;
        }

        using var layout = new ReductionLayout(x, [axis], attributes.Bool("keepDims"));
        if (layout.Reduced == 0)
        {
            throw new ShapeException($"arg_max(x: {x.Type}): axis {axis} has no elements");
        }

        var result = new Tensor(DType.I64, layout.ResultDims);
        search(layout.Source.Data, layout.Outer, layout.Reduced, layout.Inner, (long*)result.Data);
        return result;
    }

    private static void Find<T>(byte* x, long outer, long reduced, long inner, long* result)
        where T : unmanaged, INumber<T>
    {
        var source = (T*)x;
        for (var o = 0L; o < outer; o++, source += reduced * inner)
        {
            for (var i = 0L; i < inner; i++)
            {
                var (best, at) = (source[i], 0L);
                for (var r = 1L; r < reduced && !T.IsNaN(best); r++)
                {
                    var value = source[(r * inner) + i];
                    if (value > best || T.IsNaN(value))
                    {
                        (best, at) = (value, r);
                    }
                }

                *result++ = at;
            }
        }
    }
}
