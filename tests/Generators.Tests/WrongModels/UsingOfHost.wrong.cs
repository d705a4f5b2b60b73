using System.IO;
using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        using var file = new StringReader("2");
        return Exp(x) * int.Parse(file.ReadLine()!);
    }
}
