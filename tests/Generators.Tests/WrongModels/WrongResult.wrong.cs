using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    private readonly Linear _up = new(784, 512);

    [StaticGraph]
    [return: Shape("B", 10)]
    public Tensor Forward([Shape("B", 784)] Tensor x) => _up.Forward(x);
}
