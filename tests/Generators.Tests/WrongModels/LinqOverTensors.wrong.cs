using Unified;
using Unified.Nn;
using static Unified.Ops;

public sealed partial class Model : Module
{
    private readonly Linear[] _layers = [new(8, 8), new(8, 8)];

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        var outputs = _layers.Select(l => l.Forward(x));
        return Concat(outputs.ToArray());
    }
}
