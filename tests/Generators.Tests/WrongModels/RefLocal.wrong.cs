using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        ref Tensor y = ref x;
        y = Exp(y);
        return y;
    }
}
