using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Dictionary<string, Tensor> Forward(Tensor x) => new() { ["logits"] = Exp(x) };
}
