using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

/// <summary>The attention kernel against the definition in double precision.</summary>
public sealed class AttentionTests
{
    /// <summary>Queries, keys, depth, width: below, at and beyond the tiles and the blocks of keys.</summary>
    public static TheoryData<long, long, long, long> Sizes { get; } = new()
    {
        { 1, 1, 1, 1 }, { 12, 32, 4, 32 }, { 13, 33, 5, 33 }, { 5, 128, 16, 7 }, { 40, 129, 8, 64 }, { 1, 300, 64, 64 }, { 30, 30, 3, 40 }, { 25, 260, 17, 31 },
        { 140, 140, 2, 3 }, { 20, 7, 4, 5 }, { 0, 5, 4, 5 }, { 3, 0, 4, 5 }, { 3, 5, 4, 0 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Agrees_with_the_definition(long queries, long keys, long depth, long width)
    {
        foreach (var isCausal in (bool[])[false, true])
        {
            foreach (var order in Enum.GetValues<MatrixOrder>())
            {
                Check(queries, keys, depth, width, isCausal, order, [], false, 1, 0);
            }
        }
    }

    [Theory]
    [InlineData(new long[] { 3 }, false)]
    [InlineData(new long[] { 2, 3 }, false)]
    [InlineData(new long[] { 2, 3 }, true)]
    public void Batches_and_shared_keys(long[] batch, bool shared) => Check(14, 40, 6, 9, true, MatrixOrder.KInner, batch, shared, 1, 0.3);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_negative_scale_turns_the_order_of_the_scores(bool isCausal) => Check(61, 150, 6, 9, isCausal, MatrixOrder.KInner, [], false, 1, -2);

    /// <summary>Of two keys the first one's weight is 1 / (1 + e^d), d the difference of the scores: each is one number, and the second value is zero.</summary>
    [Fact]
    public void Weights_are_right_but_for_the_last_bits()
    {
        const int Count = 500;
        var kernel = new AttentionKernel(0, IsCausal: false, 1, MatrixOrder.KInner);
        using var q = new Block(DType.F32, Count).Fill(i => i * 0.0421);
        using var k = new Block(DType.F32, 2).Fill(i => i);
        using var v = new Block(DType.F32, 2).Fill(i => 1 - i);
        foreach (var target in KernelRunner.Targets)
        {
            using var packedK = ContractionTests.Pack(DType.F32, MatrixOrder.KInner, k, [], [], 1, 2, 1, 1, target.Data);
            using var packedV = ContractionTests.Pack(DType.F32, MatrixOrder.KOuter, v, [], [], 2, 1, 1, 1, target.Data);
            using var o = new Block(DType.F32, Count).Fill(_ => 0);
            _ = KernelRunner.Run(kernel, [q, packedK, packedV, o], [Count, 2, 1, 1, 1, 1, 1], UnitsOf(kernel, Count), 2, kernel.ScratchBytes(1, 1).Value, target.Data);
            for (var i = 0; i < Count; i++)
            {
                var want = 1 / (1 + Math.Exp(q[i]));
                Assert.True(Math.Abs(o[i] - want) <= want * (3e-7 + (q[i] * 1.2e-7)), $"{target.Data}: {o[i]:R} for {q[i]:R}, not {want:R}");
            }
        }
    }

    [Theory]
    [InlineData(300)]
    [InlineData(-3000)]
    public void Large_scores_do_not_overflow(double size) => Check(14, 200, 6, 9, true, MatrixOrder.KInner, [], false, size, 1);

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.NaN)]
    public void Special_scores_give_what_the_definition_gives(double special)
    {
        // One key's scores are special for every query that sees it.
        Check(14, 150, 1, 3, true, MatrixOrder.KInner, [], false, 1, 1, (140, special));
        Check(14, 150, 1, 3, false, MatrixOrder.KInner, [], false, 1, 1, (3, special));
    }

    private static void Check(
        long queries, long keys, long depth, long width, bool isCausal, MatrixOrder order, long[] batch, bool shared, double size, double scale, (long Key, double Value)? special = null)
    {
        var (qt, qd) = order switch { MatrixOrder.KInner => (depth, 1L), MatrixOrder.KOuter => (1L, queries), _ => (2 * depth, 2L) };
        long sizeQ = 2 * queries * depth, sizeK = keys * depth, sizeV = keys * width, sizeO = queries * width;
        var batches = batch.Aggregate(1L, (x, y) => x * y);
        long[] Dense(long block) => [.. batch.Select((_, i) => block * batch[(i + 1)..].Aggregate(1L, (x, y) => x * y))];
        long[] strideK = shared ? new long[batch.Length] : Dense(sizeK), strideV = shared ? new long[batch.Length] : Dense(sizeV);
        var stacks = shared ? 1 : batches;
        using var q = new Block(DType.F32, batches * sizeQ).Fill(i => special is null ? Agreement.Fraction(i) : 1);
        using var k = new Block(DType.F32, stacks * sizeK).Fill(i => special is { } s && i == s.Key ? s.Value : size * Agreement.Fraction(i + 31));
        using var v = new Block(DType.F32, stacks * sizeV).Fill(i => Agreement.Fraction(i + 67));
        var kernel = new AttentionKernel(batch.Length, isCausal, scale, order);
        long panelsK = (keys + Tile.Columns - 1) / Tile.Columns, panelsV = (width + Tile.Columns - 1) / Tile.Columns;
        long[] packedStrideK = shared ? strideK : Dense(panelsK * Tile.Columns * depth), packedStrideV = shared ? strideV : Dense(panelsV * Tile.Columns * keys);
        foreach (var target in KernelRunner.Targets)
        {
            using var packedK = ContractionTests.Pack(DType.F32, MatrixOrder.KInner, k, shared ? [] : batch, shared ? [] : strideK, depth, keys, 1, depth, target.Data);
            using var packedV = ContractionTests.Pack(DType.F32, MatrixOrder.KOuter, v, shared ? [] : batch, shared ? [] : strideV, keys, width, width, 1, target.Data);
            using var o = new Block(DType.F32, batches * sizeO).Fill(_ => 0);
            long[] parameters = [.. batch, queries, keys, depth, width, .. Dense(sizeQ), qt, qd, .. packedStrideK, .. packedStrideV, .. Dense(sizeO), width];
            _ = KernelRunner.Run(
                kernel, [q, packedK, packedV, o], parameters, batches * UnitsOf(kernel, queries), 2, kernel.ScratchBytes(depth, width).Value, target.Data);
            for (long n = 0; n < batches; n++)
            {
                for (long t = 0; t < queries; t++)
                {
                    var stack = shared ? 0 : n;
                    var weights = Weights(t, keys, queries, isCausal, scale != 0 ? scale : 1 / Math.Sqrt(depth), j => Enumerable.Range(0, (int)depth).Sum(d =>
                        q[(n * sizeQ) + (t * qt) + (d * qd)] * k[(stack * sizeK) + (j * depth) + d]));
                    for (long e = 0; e < width; e++)
                    {
                        var want = Enumerable.Range(0, (int)keys).Sum(j => weights[j] * v[(stack * sizeV) + (j * width) + e]);
                        var have = o[(n * sizeO) + (t * width) + e];
                        Assert.True(want.Equals(have) || Math.Abs(want - have) <= 1e-5 * Math.Max(1, size is 1 ? 1 : 10), $"{target.Data} {order}: query {t}, column {e} is {have:R}, not {want:R}");
                    }
                }
            }
        }
    }

    private static long UnitsOf(AttentionKernel kernel, long queries) => (queries + kernel.Plan.QueryRows - 1) / kernel.Plan.QueryRows;

    private static double[] Weights(long query, long keys, long queries, bool isCausal, double scale, Func<long, double> score)
    {
        var scores = Enumerable.Range(0, (int)keys).Select(j => isCausal && j > keys - queries + query ? AttentionKernel.Hidden : (float)score(j) * scale).ToArray();
        var highest = scores.Aggregate(double.NegativeInfinity, (a, b) => double.IsNaN(a) || double.IsNaN(b) ? double.NaN : Math.Max(a, b));
        var powers = scores.Select(s => Math.Exp(s - highest)).ToArray();
        var total = powers.Sum();
        return [.. powers.Select(p => p / total)];
    }
}
