using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward([Shape("B", 784)] Tensor x) => x * (x > 0f);
}
