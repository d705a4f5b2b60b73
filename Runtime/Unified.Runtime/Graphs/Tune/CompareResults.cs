using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>Turns the results of two tunings into whether they agree as the contract says.</summary>
internal static class CompareResults
{
    /// <param name="isExact">Bits must be equal. Else floats may differ, relative to the largest of their tensor, by the tolerance that the op table gives sums and functions.</param>
    public static bool Agree(ImmutableArray<(DType DType, byte[] Bytes)> expected, ImmutableArray<(DType DType, byte[] Bytes)> actual, bool isExact) =>
        expected.Length == actual.Length && expected.Zip(actual).All(p => p.First.DType == p.Second.DType
            && (p.First.Bytes.AsSpan().SequenceEqual(p.Second.Bytes) || (!isExact && p.First.DType.IsFloat() && AreClose(p.First.DType, p.First.Bytes, p.Second.Bytes))));

    private static bool AreClose(DType dtype, byte[] expected, byte[] actual)
    {
        var (e, a) = (Numbers(dtype, expected), Numbers(dtype, actual));
        var tolerance = Tolerance.Approximate;
        var bound = (dtype switch { DType.F64 => tolerance.F64, DType.F32 => tolerance.F32, _ => tolerance.Half })
            * (1 + e.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
        return e.Length == a.Length && e.Zip(a).All(p => p.First.Equals(p.Second) || Math.Abs(p.First - p.Second) <= bound);
    }

    private static double[] Numbers(DType dtype, byte[] bytes) => dtype switch
    {
        DType.F64 => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        DType.F32 => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(f => (double)f)],
        DType.F16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(h => (double)h)],
        _ => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(b => (double)BitConverter.Int32BitsToSingle(b << 16))],
    };
}
