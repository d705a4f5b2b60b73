using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model(int hidden) : Module
{
    private readonly Linear _up = new(784, hidden + 1), _down = new(hidden, 10);

    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => _down.Forward(Gelu(_up.Forward(x)));
}
