using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Scales a loss up before it is differentiated, so that small gradients survive in half precision, and the gradients down again (Micikevicius et al.,
/// 2018). A step with an infinity or NaN is left out and the scale is halved; after so many good steps it is doubled. All of it is part of the graph.
/// </summary>
public sealed partial class LossScale : Module
{
    private readonly Tensor _scale;
    private readonly Tensor _good = Tensor.Scalar(0);

    public LossScale(float start = 65536, int growEvery = 2000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(growEvery);
        if (!(start > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, "a scale is positive");
        }

        _scale = Tensor.Scalar(start);
        GrowEvery = growEvery;
    }

    public int GrowEvery { get; }

    /// <summary>The factor of the next loss: f32 rank 0.</summary>
    public Tensor Scale => _scale;

    /// <summary>The loss to differentiate.</summary>
    [StaticGraph]
    public Tensor Up(Tensor loss) => loss * _scale;

    /// <summary>Gives the optimizer the gradients of the loss itself, if all of them are finite.</summary>
    [StaticGraph]
    public void Step(Optimizer optimizer, IReadOnlyList<Tensor> gradients)
    {
        var isFinite = Equal(Constant(0), 0);
        foreach (var gradient in gradients)
        {
            isFinite = LogicalAnd(isFinite, All(IsFinite(gradient)));
        }

        if (isFinite)
        {
            var unscaled = new List<Tensor>();
            for (var i = 0; i < gradients.Count; i++)
            {
                unscaled.Add(gradients[i] / _scale);
            }

            optimizer.Step(unscaled);
            _good.Assign(_good + 1);
            if (_good >= GrowEvery)
            {
                _scale.Assign(Minimum(_scale * 2f, 1e30));
                _good.Assign(_good * 0);
            }
        }
        else
        {
            _scale.Assign(Maximum(_scale * 0.5f, 1e-30));
            _good.Assign(_good * 0);
        }
    }
}
