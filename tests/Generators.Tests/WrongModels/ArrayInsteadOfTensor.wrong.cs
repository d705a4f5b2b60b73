using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    private readonly Linear _up = new(784, 10);

    [StaticGraph]
    public Tensor Forward(float[] x) => _up.Forward(x);
}
