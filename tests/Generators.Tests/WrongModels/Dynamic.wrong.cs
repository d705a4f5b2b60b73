using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        dynamic scale = 2;
        return x * scale;
    }
}
