using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        var n = 0;
    again:
        x = Exp(x);
        if (n++ < 2)
        {
            goto again;
        }
    
        return x;
    }
}
