using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x, int n)
    {
        switch (n)
        {
            case 1:
                n = 2;
                goto case 2;
            case 2:
                x = Exp(x);
                goto case 1;
        }

        return x;
    }
}
