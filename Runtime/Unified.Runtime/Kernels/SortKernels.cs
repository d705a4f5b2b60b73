using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>The order of the elements along an axis: stable, NaN counts as the largest, both zeros are equal.</summary>
internal static unsafe class SortKernels
{
    private delegate ulong Key(byte* element);

    public static ImmutableArray<DenseKernelRow> Rows { get; } = [new(OpCode.ArgSort, ArgSort)];

    private static void ArgSort(ReadOnlySpan<DenseArray> arrays, Attributes attributes)
    {
        var x = arrays[0];
        var result = (long*)arrays[1].Data;
        var axis = (int)attributes.Int("axis");
        axis += axis < 0 ? x.Sizes.Length : 0;
        long Size(int from, int to) => x.Sizes.AsSpan(from, to - from).ToArray().Aggregate(1L, (a, b) => a * b);
        var (outer, count, inner) = (Size(0, axis), checked((int)x.Sizes[axis]), Size(axis + 1, x.Sizes.Length));
        var (keys, places) = (new ulong[count], new int[count]);
        var (key, bytes, flip) = (KeyOf(x.DType), x.DType.Bytes(), attributes.Bool("descending") ? ulong.MaxValue : 0);
        for (var o = 0L; o < outer; o++)
        {
            for (var i = 0L; i < inner; i++)
            {
                var start = (o * count * inner) + i;
                for (var k = 0; k < count; k++)
                {
                    keys[k] = key(x.Data + ((start + (k * inner)) * bytes)) ^ flip;
                    places[k] = k;
                }

                Sort(keys, places, bytes);
                for (var k = 0; k < count; k++)
                {
                    result[start + (k * inner)] = places[k];
                }
            }
        }
    }

    private static void Sort(ulong[] keys, int[] places, int bytes)
    {
        if (bytes <= sizeof(float))
        {
            // With the place in its low half no two keys are equal, which makes an unstable sort stable.
            for (var k = 0; k < keys.Length; k++)
            {
                keys[k] = (keys[k] << 32) | (uint)k;
            }

            Array.Sort(keys);
            for (var k = 0; k < keys.Length; k++)
            {
                places[k] = (int)(uint)keys[k];
            }

            return;
        }

        Array.Sort(keys, places);
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            Array.Sort(places, start, end - start);
            start = end;
        }
    }

    /// <summary>Whole numbers in the order of the elements; of 32 bits where the elements have no more.</summary>
    private static Key KeyOf(DType dtype) => dtype switch
    {
        DType.F64 => static e => Ordered(*(double*)e),
        DType.F32 => static e => Ordered(*(float*)e),
        DType.F16 => static e => Ordered((float)*(Half*)e),
        DType.BF16 => static e => Ordered((float)*(BFloat16*)e),
        _ => throw new NotSupportedException($"arg_sort has no order for {dtype.Text()}"),
    };

    private static ulong Ordered(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value + 0.0);
        return double.IsNaN(value) ? ulong.MaxValue : bits < 0 ? ~(ulong)bits : (ulong)bits | (1UL << 63);
    }

    private static ulong Ordered(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value + 0f);
        return float.IsNaN(value) ? uint.MaxValue : bits < 0 ? ~(uint)bits : (uint)bits | (1u << 31);
    }
}
