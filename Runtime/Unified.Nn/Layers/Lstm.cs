using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Long short-term memory (Hochreiter and Schmidhuber, 1997), with gates in PyTorch's order: i, f, o = sigmoid, g = tanh of W·x + b + U·h + c;
/// cell ← f·cell + i·g; h ← o·tanh(cell). A state is h, then the cell: [B, 2·hidden]. See <see cref="RecurrentLayer"/>.
/// </summary>
public sealed partial class Lstm(int inputs, int hidden, int layers = 1, bool bidirectional = false, float dropout = 0, Generator? generator = null)
    : RecurrentLayer(layers, bidirectional, dropout, generator, (layer, backwards) =>
        new LstmDirection(layer == 0 ? inputs : bidirectional ? 2 * hidden : hidden, hidden, backwards, generator));

internal sealed partial class LstmDirection(int inputs, int hidden, bool backwards, Generator? generator)
    : RecurrentDirection(inputs, hidden, 4, 2 * hidden, backwards, generator)
{
    [StaticGraph]
    protected override Tensor Step(Tensor projected, Tensor state)
    {
        var gates = projected + Recur(Gate(state, 0));
        var cell = (Sigmoid(Gate(gates, 1)) * Gate(state, 1)) + (Sigmoid(Gate(gates, 0)) * Tanh(Gate(gates, 2)));
        return Concat([Sigmoid(Gate(gates, 3)) * Tanh(cell), cell], 1);
    }
}

/// <summary>
/// Gated recurrent unit (Cho et al., 2014), as in PyTorch: r, z = sigmoid(W·x + b + U·h + c), n = tanh(W·x + b + r·(U·h + c)),
/// h ← (1 − z)·n + z·h. See <see cref="RecurrentLayer"/>.
/// </summary>
public sealed partial class Gru(int inputs, int hidden, int layers = 1, bool bidirectional = false, float dropout = 0, Generator? generator = null)
    : RecurrentLayer(layers, bidirectional, dropout, generator, (layer, backwards) =>
        new GruDirection(layer == 0 ? inputs : bidirectional ? 2 * hidden : hidden, hidden, backwards, generator));

internal sealed partial class GruDirection(int inputs, int hidden, bool backwards, Generator? generator)
    : RecurrentDirection(inputs, hidden, 3, hidden, backwards, generator)
{
    [StaticGraph]
    protected override Tensor Step(Tensor projected, Tensor state)
    {
        var recurrent = Recur(state);
        var reset = Sigmoid(Gate(projected, 0) + Gate(recurrent, 0));
        var update = Sigmoid(Gate(projected, 1) + Gate(recurrent, 1));
        var candidate = Tanh(Gate(projected, 2) + (reset * Gate(recurrent, 2)));
        return candidate + (update * (state - candidate));
    }
}

/// <summary>h ← tanh(W·x + b + U·h + c), or max(0, …). See <see cref="RecurrentLayer"/>.</summary>
public sealed partial class Rnn(
    int inputs, int hidden, int layers = 1, bool bidirectional = false, bool relu = false, float dropout = 0, Generator? generator = null)
    : RecurrentLayer(layers, bidirectional, dropout, generator, (layer, backwards) =>
        new RnnDirection(layer == 0 ? inputs : bidirectional ? 2 * hidden : hidden, hidden, relu, backwards, generator));

internal sealed partial class RnnDirection(int inputs, int hidden, bool relu, bool backwards, Generator? generator)
    : RecurrentDirection(inputs, hidden, 1, hidden, backwards, generator)
{
    [StaticGraph]
    protected override Tensor Step(Tensor projected, Tensor state) => relu ? Relu(projected + Recur(state)) : Tanh(projected + Recur(state));
}
