namespace Unified.Nn;

/// <summary>
/// Hands an optimizer the mean of the gradients of so many calls: large batches in parts. The optimizer's branch is part of the graph, so that every
/// call is the same graph.
/// </summary>
public sealed partial class GradientAccumulation : Module
{
    private readonly Optimizer _optimizer;
    private readonly Tensor[] _sums;
    private readonly Tensor _calls = Tensor.Scalar(0);

    public GradientAccumulation(Optimizer optimizer, IReadOnlyList<Parameter> parameters, int calls)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(calls);
        _optimizer = optimizer;
        Calls = calls;
        _sums = [.. parameters.Select(p => Tensor.Zeros(p.Shape))];
    }

    public int Calls { get; }

    /// <param name="gradients">One per parameter.</param>
    [StaticGraph]
    public void Step(IReadOnlyList<Tensor> gradients)
    {
        for (var i = 0; i < _sums.Length; i++)
        {
            Add(_sums[i], gradients[i]);
        }

        _calls.Assign(_calls + 1);
        if (_calls >= Calls)
        {
            var means = new List<Tensor>();
            for (var i = 0; i < _sums.Length; i++)
            {
                means.Add(_sums[i] / Calls);
            }

            _optimizer.Step(means);
            for (var i = 0; i < _sums.Length; i++)
            {
                _sums[i].Assign(_sums[i] * 0f);
            }

            _calls.Assign(_calls * 0);
        }
    }

    [StaticGraph]
    private static void Add(Tensor sum, Tensor gradient) => sum.Assign(sum + gradient);
}
