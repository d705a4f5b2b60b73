using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => Transpose(x, 0, 2, 1);
}
