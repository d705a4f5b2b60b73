using static Unified.Ops;

namespace Unified.Nn;

public static partial class Loss
{
    // Stands for log 0: finite, so that no difference of two is NaN.
    private const double Never = -1e30;

    /// <summary>
    /// Connectionist temporal classification (Graves et al., 2006): −log of the probability that a sequence of symbols, without repetitions and blanks
    /// (symbol 0), is the target. Losses [B]; a target that does not fit into its time has a loss of 1e30.
    /// </summary>
    /// <param name="logProbabilities">[B, T, symbols].</param>
    /// <param name="targets">[B, S], i32 or i64, without blanks; what lies behind a target's length does not count.</param>
    /// <param name="times">[B], how many of the T times count.</param>
    /// <param name="lengths">[B], how many of the S symbols count.</param>
    /// <param name="reduction">What becomes of the losses; the mean is over B, each loss divided by its target's length, as in PyTorch.</param>
    [StaticGraph]
    public static Tensor Ctc(Tensor logProbabilities, Tensor targets, Tensor times, Tensor lengths, Reduction reduction = Reduction.Mean)
    {
        // Blank, symbol, blank, symbol, …, blank: 2·S + 1 places.
        var (batch, symbols) = (targets.Shape[0], targets.Shape[1]);
        var wanted = Cast(targets, Ir.DType.I64);
        var places = Concat([Reshape(Stack([wanted * 0, wanted], 2), batch, 2 * symbols), Full([batch, 1], 0, Ir.DType.I64)], 1);
        var count = (2 * symbols) + 1;
        var chosen = OneHot(places, logProbabilities.Shape[2]);
        var emitted = MatMul(logProbabilities, chosen, transposeB: true);

        // A symbol may follow another one without a blank between, unless it is the same.
        var twoBefore = Concat([Full([batch, 2], 0, Ir.DType.I64), places[.., ..(count - 2)]], 1);
        var jumps = LogicalAnd(NotEqual(places, 0), NotEqual(places, twoBefore));
        var index = Iota([count]);
        var paths = Select(index < 2, emitted[.., 0, ..], Never);
        var end = Cast(ExpandDims(times, 1), Ir.DType.I64);
        for (var t = 1; t < logProbabilities.Shape[1]; t++)
        {
            var next = Meet(Meet(paths, Before(paths, 1)), Select(jumps, Before(paths, 2), Never)) + emitted[.., t, ..];
            paths = Select(end > t, Maximum(next, Never), paths);
        }

        // A path ends on the last symbol or on the blank behind it.
        var last = Cast(ExpandDims(lengths, 1), Ir.DType.I64) * 2;
        var losses = -LogSumExp(Select(LogicalOr(Equal(index, last), Equal(index, last - 1)), paths, Never), 1);
        return reduction == Reduction.Mean ? Mean(losses / Maximum(Cast(lengths, Ir.DType.F32), 1)) : Reduce(losses, reduction);
    }

    /// <summary>Each place's value from <paramref name="places"/> before it.</summary>
    [StaticGraph]
    private static Tensor Before(Tensor paths, int places) =>
        Concat([Full([paths.Shape[0], places], Never), paths[.., ..(paths.Shape[1] - places)]], 1);

    /// <summary>log(exp(a) + exp(b)).</summary>
    [StaticGraph]
    private static Tensor Meet(Tensor a, Tensor b)
    {
        var high = Maximum(a, b);
        return high + Log1p(Exp(Minimum(a, b) - high));
    }
}
