using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x) => Exp(x);
}
