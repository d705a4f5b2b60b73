using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    private readonly object _gate = new();

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        lock (_gate)
        {
            return Exp(x);
        }
    }
}
