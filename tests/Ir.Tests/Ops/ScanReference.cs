using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Scans that have no definition, in double precision: each element by a loop of its own over those before it.</summary>
internal static class ScanReference
{
    public static Func<ImmutableArray<ReferenceValue>, Attributes, double[]>? Find(OpCode code) => code switch
    {
        OpCode.CumProd => (x, a) => Each(x[0].Sizes, a, seen => seen.Aggregate(1.0, (product, i) => product * x[0].Data[i])),
        OpCode.LinearScan => (x, a) => Each(x[0].Sizes, a, seen => seen.Aggregate(0.0, (h, i) => (h * x[0].Data[i]) + x[1].Data[i])),
        _ => null,
    };

    private static double[] Each(int[] sizes, Attributes attributes, Func<IEnumerable<int>, double> fold)
    {
        var axis = OpAxes.One(attributes, sizes.Length);
        var (count, inner) = (sizes[axis], sizes.Skip(axis + 1).Aggregate(1, (a, b) => a * b));
        var isReversed = attributes.Bool("reverse");
        return
        [
            .. Enumerable.Range(0, sizes.Aggregate(1, (a, b) => a * b)).Select(i =>
            {
                var (place, start) = (i / inner % count, i - (i / inner % count * inner));
                var seen = isReversed ? Enumerable.Range(place, count - place).Reverse() : Enumerable.Range(0, place + 1);
                return fold(seen.Select(t => start + (t * inner)));
            }),
        ];
    }
}
