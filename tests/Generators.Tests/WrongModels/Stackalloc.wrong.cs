using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        Span<int> sizes = stackalloc int[] { 1, -1 };
        return Reshape(x, sizes);
    }
}
