using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward([Shape(784)] Tensor x) => Reshape(x, 32, 32);
}
