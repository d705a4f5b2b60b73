using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// What recurrent layers have in common: [B, T, inputs] goes through <c>layers</c> of cells, in one or both directions, and the states of the last layer
/// at each time are the result [B, T, hidden] or [B, T, 2·hidden], forward direction first. All times' inputs are projected by one product.
/// Parameters start uniform in ±1/√hidden.
/// </summary>
public abstract partial class RecurrentLayer : Layer
{
    private readonly RecurrentDirection[] _directions;
    private readonly Dropout _dropout;
    private readonly int _layers;
    private readonly int _perLayer;

    private protected RecurrentLayer(int layers, bool bidirectional, float dropout, Generator? generator, Func<int, bool, RecurrentDirection> make)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        (_layers, _perLayer) = (layers, bidirectional ? 2 : 1);
        _directions = Enumerable.Range(0, layers * _perLayer).Select(i => make(i / _perLayer, i % _perLayer == 1)).ToArray();
        _dropout = new Dropout(dropout, generator);
    }

    /// <summary>Runs with states of 0.</summary>
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Run(x, null).Output;

    /// <param name="x">[B, T, inputs].</param>
    /// <param name="state">What <see cref="Run"/> gave before: [layers·directions, B, width of a cell's state]; null: zeros.</param>
    /// <returns>The last layer's states at each time, and the last state of each layer and direction.</returns>
    [StaticGraph]
    public (Tensor Output, Tensor State) Run(Tensor x, Tensor? state)
    {
        var states = new List<Tensor>();
        for (var layer = 0; layer < _layers; layer++)
        {
            var outputs = new List<Tensor>();
            for (var d = 0; d < _perLayer; d++)
            {
                var place = (layer * _perLayer) + d;
                var direction = _directions[place];
                var (y, last) = direction.Run(x, state is null ? direction.Zero(x) : state[place]);
                outputs.Add(y);
                states.Add(last);
            }

            x = _perLayer == 1 ? outputs[0] : Concat(outputs, 2);
            if (layer < _layers - 1)
            {
                x = _dropout.Forward(x);
            }
        }

        return (x, Stack(states, 0));
    }
}

/// <summary>One layer in one direction: a cell and its parameters.</summary>
internal abstract partial class RecurrentDirection : Module
{
    private readonly bool _backwards;
    private readonly int _stateWidth;

    /// <param name="inputs">The width of what it is given.</param>
    /// <param name="hidden">The width of its result.</param>
    /// <param name="gates">How many vectors of that width a cell computes from its input.</param>
    /// <param name="stateWidth">The width of all that goes on from time to time.</param>
    /// <param name="backwards">Whether it starts at the end.</param>
    /// <param name="generator">Where parameters start from.</param>
    protected RecurrentDirection(int inputs, int hidden, int gates, int stateWidth, bool backwards, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hidden);
        (Hidden, _stateWidth, _backwards) = (hidden, stateWidth, backwards);
        generator ??= Generator.Default;
        InputWeight = Initialize.FanIn(generator, hidden, gates * hidden, inputs);
        HiddenWeight = Initialize.FanIn(generator, hidden, gates * hidden, hidden);
        InputBias = Initialize.FanIn(generator, hidden, gates * hidden);
        HiddenBias = Initialize.FanIn(generator, hidden, gates * hidden);
    }

    public int Hidden { get; }

    /// <summary>Shape [gates·hidden, inputs].</summary>
    public Parameter InputWeight { get; }

    /// <summary>Shape [gates·hidden, hidden].</summary>
    public Parameter HiddenWeight { get; }

    /// <summary>Shape [gates·hidden].</summary>
    public Parameter InputBias { get; }

    /// <summary>Shape [gates·hidden].</summary>
    public Parameter HiddenBias { get; }

    [StaticGraph]
    public Tensor Zero(Tensor x) => Full([x.Shape[0], _stateWidth], 0);

    /// <summary>[B, T, inputs] and a state [B, state width] give the results [B, T, hidden] and the last state.</summary>
    [StaticGraph]
    public (Tensor Output, Tensor State) Run(Tensor x, Tensor state)
    {
        // Times come first, so that what a turn takes and gives lies together.
        var projected = SwapAxes(Linear(x, InputWeight, InputBias), 0, 1);
        var outputs = new List<Tensor>();
        for (var t = 0; t < x.Shape[1]; t++)
        {
            state = Step(projected[_backwards ? x.Shape[1] - 1 - t : t], state);
            outputs.Add(state[.., ..Hidden]);
        }

        if (_backwards)
        {
            outputs.Reverse();
        }

        return (Stack(outputs, 1), state);
    }

    /// <summary>An input [B, inputs] and a state give the next state.</summary>
    [StaticGraph]
    public Tensor Next(Tensor x, Tensor state) => Step(Linear(x, InputWeight, InputBias), state);

    /// <summary>The next state from the projected input [B, gates·hidden] and the state, which begins with the cell's result.</summary>
    [StaticGraph]
    protected abstract Tensor Step(Tensor projected, Tensor state);

    /// <summary>W·h + b for the result h in a state.</summary>
    [StaticGraph]
    protected Tensor Recur(Tensor h) => Linear(h, HiddenWeight, HiddenBias);

    /// <summary>The vector of a gate.</summary>
    [StaticGraph]
    protected Tensor Gate(Tensor gates, int number) => gates[.., (number * Hidden)..((number + 1) * Hidden)];
}
