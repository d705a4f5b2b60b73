using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Loss([Shape("B", 10)] Tensor logits, [Shape("B", 10)] Tensor labels) => CrossEntropy(logits, labels);
}
