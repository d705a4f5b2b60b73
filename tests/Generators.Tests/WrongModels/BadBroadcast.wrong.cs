using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [Shape(10)]
    private readonly Parameter _bias = Initialize.Constant(0, 10);

    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => x + _bias;
}
