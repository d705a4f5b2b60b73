using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public IEnumerable<Tensor> Forward(Tensor x)
    {
        yield return x;
        yield return Exp(x);
    }
}
