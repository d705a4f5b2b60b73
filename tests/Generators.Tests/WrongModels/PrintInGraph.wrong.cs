using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        var y = Exp(x);
        Console.WriteLine(y);
        return y;
    }
}
