using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

/// <summary>The kernel of attention's gradient against the formulas in double precision.</summary>
public sealed class AttentionGradientTests
{
    /// <summary>Queries, keys, depth, width: below, at and beyond the tiles, the panels and the blocks of queries.</summary>
    public static TheoryData<long, long, long, long> Sizes { get; } = new()
    {
        { 1, 1, 1, 1 }, { 12, 32, 4, 32 }, { 13, 33, 5, 33 }, { 5, 128, 16, 7 }, { 48, 64, 32, 32 }, { 49, 65, 33, 8 }, { 100, 100, 3, 40 }, { 0, 5, 4, 5 }, { 3, 5, 4, 0 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Agrees_with_the_formulas(long queries, long keys, long depth, long width)
    {
        foreach (var isCausal in (bool[])[false, true])
        {
            foreach (var order in Enum.GetValues<MatrixOrder>())
            {
                Check(queries, keys, depth, width, isCausal, order, 1, 0);
            }
        }
    }

    [Theory]
    [InlineData(false, 0.3)]
    [InlineData(true, 0)]
    public void Several_heads(bool isCausal, double scale) => Check(30, 40, 6, 9, isCausal, MatrixOrder.KInner, 5, scale);

    private static void Check(long queries, long keys, long depth, long width, bool isCausal, MatrixOrder order, long heads, double scale)
    {
        (long Row, long Column) Strides(long rows, long columns) => order switch { MatrixOrder.KInner => (columns, 1), MatrixOrder.KOuter => (1, rows), _ => (2 * columns, 2) };
        var (qs, ks, vs, ys) = (Strides(queries, depth), Strides(keys, depth), Strides(keys, width), Strides(queries, width));
        long sizeQ = 2 * queries * depth, sizeK = 2 * keys * depth, sizeV = 2 * keys * width, sizeY = 2 * queries * width;
        using var q = new Block(DType.F32, heads * sizeQ).Fill(Agreement.Fraction);
        using var k = new Block(DType.F32, heads * sizeK).Fill(i => Agreement.Fraction(i + 31));
        using var v = new Block(DType.F32, heads * sizeV).Fill(i => Agreement.Fraction(i + 67));
        using var dy = new Block(DType.F32, heads * sizeY).Fill(i => Agreement.Fraction(i + 11));
        var kernel = new AttentionGradientKernel(1, isCausal, scale, order, order, order, order);
        var factor = scale != 0 ? scale : 1 / Math.Sqrt(depth);
        foreach (var target in KernelRunner.Targets)
        {
            // Heads beside each other in dQ and dV, one after the other in dK.
            (long Rows, long Columns, long Head, long Row)[] places =
                [(queries, depth, depth, heads * depth), (keys, depth, keys * depth, depth), (keys, width, width, heads * width)];
            using var dq = new Block(DType.F32, heads * queries * depth).Fill(_ => 0);
            using var dk = new Block(DType.F32, heads * keys * depth).Fill(_ => 0);
            using var dv = new Block(DType.F32, heads * keys * width).Fill(_ => 0);
            _ = KernelRunner.Run(
                kernel, [q, k, v, dy, dq, dk, dv],
                [heads, queries, keys, depth, width, sizeQ, qs.Row, qs.Column, sizeK, ks.Row, ks.Column, sizeV, vs.Row, vs.Column, sizeY, ys.Row, ys.Column,
                    .. places.SelectMany(p => (long[])[p.Head, p.Row])],
                heads, 2, kernel.ScratchBytes(keys, depth, width).Value, target.Data);
            for (var h = 0L; h < heads; h++)
            {
                var expected = Formulas(
                    queries, keys, depth, width, factor, isCausal, (t, d) => q[(h * sizeQ) + (t * qs.Row) + (d * qs.Column)], (s, d) => k[(h * sizeK) + (s * ks.Row) + (d * ks.Column)],
                    (s, e) => v[(h * sizeV) + (s * vs.Row) + (e * vs.Column)], (t, e) => dy[(h * sizeY) + (t * ys.Row) + (e * ys.Column)]);
                foreach (var (name, result, matrix, place) in ((string, Block, double[], (long, long Columns, long Head, long Row))[])[("dQ", dq, expected[0], places[0]), ("dK", dk, expected[1], places[1]), ("dV", dv, expected[2], places[2])])
                {
                    for (var i = 0L; i < matrix.Length; i++)
                    {
                        var found = result[(h * place.Head) + (i / place.Columns * place.Row) + (i % place.Columns)];
                        Assert.True(
                            Math.Abs(matrix[i] - found) <= 2e-5 * (1 + Math.Abs(matrix[i])),
                            $"{target.Data}, {order}, causal {isCausal}: head {h}, element {i} of {name} is {found}, not {matrix[i]}");
                    }
                }
            }
        }
    }

    private static double[][] Formulas(
        long queries, long keys, long depth, long width, double scale, bool isCausal,
        Func<long, long, double> q, Func<long, long, double> k, Func<long, long, double> v, Func<long, long, double> dy)
    {
        double[] dq = new double[queries * depth], dk = new double[keys * depth], dv = new double[keys * width];
        double Dot(long count, Func<long, double> term) => Enumerable.Range(0, (int)count).Sum(i => term(i));
        for (var t = 0L; t < queries; t++)
        {
            double[] scores = [.. Enumerable.Range(0, (int)keys).Select(s => isCausal && s > keys - queries + t ? AttentionKernel.Hidden : scale * Dot(depth, d => q(t, d) * k(s, d)))];
            double[] powers = [.. scores.Select(s => Math.Exp(s - scores.Max()))];
            double[] weights = [.. powers.Select(p => p / powers.Sum())], dWeights = [.. scores.Select((_, s) => Dot(width, e => dy(t, e) * v(s, e)))];
            var share = weights.Zip(dWeights, (w, d) => w * d).Sum();
            for (var s = 0L; s < keys; s++)
            {
                var dScore = scale * weights[s] * (dWeights[s] - share);
                for (var d = 0L; d < depth; d++)
                {
                    dq[(t * depth) + d] += dScore * k(s, d);
                    dk[(s * depth) + d] += dScore * q(t, d);
                }

                for (var e = 0L; e < width; e++)
                {
                    dv[(s * width) + e] += weights[s] * dy(t, e);
                }
            }
        }

        return [dq, dk, dv];
    }
}
