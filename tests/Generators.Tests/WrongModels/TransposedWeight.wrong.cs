using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [Shape(10, 784)]
    private readonly Parameter _weight = Initialize.Constant(0, 10, 784);

    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => MatMul(x, _weight);
}
