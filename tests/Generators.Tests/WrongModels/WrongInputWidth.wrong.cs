using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    private readonly Linear _up = new(728, 512);

    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => _up.Forward(x);
}
