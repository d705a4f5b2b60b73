using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    private readonly Linear _up = new(784, 512);
    private readonly Linear _down = new(256, 10);

    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => _down.Forward(Gelu(_up.Forward(x)));
}
