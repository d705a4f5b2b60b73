using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adam without a mean, and for parameters of rank 2 and above with the mean squares of rows and columns only (Shazeer and Stern, 2018): memory of
/// their sum, not their product. β₂ = 1 − t^(−0.8); the step's root mean square is held at most <see cref="Threshold"/>, and with
/// <see cref="IsRelative"/> it is taken times the parameter's.
/// </summary>
public sealed partial class Adafactor : Optimizer
{
    private readonly Tensor[] _rows;
    private readonly Tensor[] _columns;

    public Adafactor(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _rows = [.. parameters.Select(p => Tensor.Zeros(p.Rank < 2 ? p.Shape : new TensorShape([.. p.Shape.Take(p.Rank - 1)])))];
        _columns = [.. parameters.Select(p => Tensor.Zeros(p.Rank < 2 ? [0] : [.. p.Shape.Take(p.Rank - 2), p.Shape[^1]]))];
    }

    /// <summary>The largest root mean square of a step before the rate.</summary>
    public float Threshold { get; init; } = 1;

    /// <summary>Added to squares.</summary>
    public float Epsilon { get; init; } = 1e-30f;

    /// <summary>The least root mean square that a parameter counts with.</summary>
    public float Least { get; init; } = 1e-3f;

    /// <summary>Whether rates are relative to the size of each parameter.</summary>
    public bool IsRelative { get; init; } = true;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rate = Schedule.At(step);
        var rates = Rates(rate);
        var decays = Decays(rate);
        var fresh = Cast(Exp(Log(step) * -0.8), Ir.DType.F32);
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            var g = Clipped(gradients[i], scale);
            var direction = parameters[i].Rank < 2 ? Whole(_rows[i], g, fresh) : Factored(_rows[i], _columns[i], g, fresh);
            Move(parameters[i], direction, rates[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private Tensor Whole(Tensor square, Tensor g, Tensor fresh)
    {
        var v = square + ((Square(g) + Epsilon - square) * fresh);
        square.Assign(v);
        return g * Rsqrt(v);
    }

    /// <summary>The mean square of an element is the product of its row's and its column's, divided by the mean of the rows.</summary>
    [StaticGraph]
    private Tensor Factored(Tensor rows, Tensor columns, Tensor g, Tensor fresh)
    {
        var squares = Square(g) + Epsilon;
        var r = rows + ((Mean(squares, g.Rank - 1) - rows) * fresh);
        var c = columns + ((Mean(squares, g.Rank - 2) - columns) * fresh);
        rows.Assign(r);
        columns.Assign(c);
        var share = r / Mean(r, r.Rank - 1, keepDims: true);
        return g * ExpandDims(Rsqrt(share), g.Rank - 1) * ExpandDims(Rsqrt(c), g.Rank - 2);
    }

    [StaticGraph]
    private void Move(Tensor parameter, Tensor direction, Tensor rate, Tensor decay)
    {
        var size = Sqrt(Mean(Square(direction)));
        var step = rate / Maximum(size / Threshold, 1);
        if (IsRelative)
        {
            step = step * Maximum(Sqrt(Mean(Square(parameter))), Least);
        }

        parameter.Assign((parameter * (1f - decay)) - (direction * step));
    }
}
