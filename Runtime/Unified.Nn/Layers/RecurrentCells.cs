using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// One turn of a recurrent layer, for loops of one's own: an input [B, inputs] and a state [B, width] give the next state, which begins with the result [B, hidden].
/// Parameters start uniform in ±1/√hidden.
/// </summary>
public abstract partial class RecurrentCell : Module
{
    private readonly RecurrentDirection _direction;

    private protected RecurrentCell(RecurrentDirection direction) => _direction = direction;

    /// <summary>The width of the result.</summary>
    public int Hidden => _direction.Hidden;

    /// <param name="state">What it gave before; null: zeros.</param>
    [StaticGraph]
    public Tensor Forward(Tensor x, Tensor? state = null) => _direction.Next(x, state is null ? _direction.Zero(x) : state);
}

/// <summary>A turn of <see cref="Lstm"/>. A state is h, then the cell: [B, 2·hidden].</summary>
public sealed partial class LstmCell(int inputs, int hidden, Generator? generator = null) : RecurrentCell(new LstmDirection(inputs, hidden, false, generator));

/// <summary>A turn of <see cref="Gru"/>.</summary>
public sealed partial class GruCell(int inputs, int hidden, Generator? generator = null) : RecurrentCell(new GruDirection(inputs, hidden, false, generator));

/// <summary>A turn of <see cref="Rnn"/>.</summary>
public sealed partial class RnnCell(int inputs, int hidden, bool relu = false, Generator? generator = null) : RecurrentCell(new RnnDirection(inputs, hidden, relu, false, generator));
