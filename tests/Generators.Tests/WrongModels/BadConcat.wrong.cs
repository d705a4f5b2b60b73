using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Join([Shape("B", 784)] Tensor x, [Shape("B", 10)] Tensor y) => Concat([x, y], axis: 0);
}
