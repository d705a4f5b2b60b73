using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a line of a tile into its transform, and a square of lines, both ways, into that of the tile. The two lines of a pair of points ± p share their work: the
/// even and the odd coefficients of their polynomials are the same but for the sign.
/// </summary>
internal sealed class WinogradLines(KernelBuilder k, WinogradTransform transform)
{
    /// <summary>Bᵀ d B for a square of span × span vectors, row by row.</summary>
    public LlvmValue[] Image(Func<int, int, LlvmValue> pixel) => Both(pixel, transform.Span, transform.Span, Image);

    /// <summary>G g Gᵀ for 3 × 3 vectors.</summary>
    public LlvmValue[] Weight(Func<int, int, LlvmValue> weight) =>
        Both(weight, WinogradTransform.Kernel, transform.Span, line => [.. transform.Weight.Select(row => Dot(row.Zip(line)))]);

    /// <summary>Aᵀ m A for a square of span × span vectors: side × side of the result.</summary>
    public LlvmValue[] Result(Func<int, int, LlvmValue> sum) => Both(sum, transform.Span, transform.Side, Result);

    // Column by column first, as they are read; then row by row.
    private static LlvmValue[] Both(Func<int, int, LlvmValue> from, int size, int result, Func<LlvmValue[], LlvmValue[]> line)
    {
        var columns = Enumerable.Range(0, size).Select(x => line([.. Enumerable.Range(0, size).Select(y => from(y, x))])).ToList();
        return [.. Enumerable.Range(0, result).SelectMany(y => line([.. columns.Select(c => c[y])]))];
    }

    private LlvmValue[] Image(LlvmValue[] line)
    {
        var rows = transform.Image;
        var result = new LlvmValue[rows.Length];
        (result[0], result[^1]) = (Dot(rows[0].Zip(line)), Dot(rows[^1].Zip(line)));
        for (var i = 0; i < transform.Points.Length; i++)
        {
            var (point, at) = (transform.Points[i], 1 + (2 * i));
            var even = Dot(rows[at].Zip(line).Where((_, power) => power % 2 == 0));
            var odd = Dot(rows[at].Select(c => c / point).Zip(line).Where((_, power) => power % 2 == 1));
            (result[at], result[at + 1]) = (Dot([(point, odd), (1, even)]), Dot([(-point, odd), (1, even)]));
        }

        return result;
    }

    private LlvmValue[] Result(LlvmValue[] line)
    {
        var pairs = Enumerable.Range(0, transform.Points.Length).Select(i => (line[1 + (2 * i)], line[2 + (2 * i)])).ToList();
        LlvmValue[] sums = [.. pairs.Select(p => k.B.FAdd(p.Item1, p.Item2))], differences = [.. pairs.Select(p => k.B.FSub(p.Item1, p.Item2))];
        return [.. transform.Result.Select((row, power) => Dot(
        [
            (row[0], line[0]), (row[^1], line[^1]), .. (power % 2 == 0 ? sums : differences).Select((value, i) => (row[1 + (2 * i)], value)),
        ]))];
    }

    // Terms with a factor of one are where the sum begins.
    private LlvmValue Dot(IEnumerable<(double Factor, LlvmValue Value)> terms)
    {
        var list = terms.Where(t => t.Factor != 0).OrderByDescending(t => t.Factor == 1).ToList();
        var sum = list[0].Factor == 1 ? list[0].Value : k.B.FMul(list[0].Value, list[0].Value.Type.Real(list[0].Factor));
        foreach (var (factor, value) in list.Skip(1))
        {
            sum = factor switch
            {
                1 => k.B.FAdd(sum, value),
                -1 => k.B.FSub(sum, value),
                _ => k.MultiplyAdd(value, factor, sum),
            };
        }

        return sum;
    }
}
