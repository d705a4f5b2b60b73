using System.Collections;

namespace Unified.Nn;

/// <summary>Layers one after the other: each gets what the one before it gave. Equal layers share one compiled graph.</summary>
public sealed partial class Sequential : Layer, IReadOnlyList<Layer>
{
    private readonly Layer[] _layers;

    public Sequential(params IEnumerable<Layer> layers) => _layers = layers.ToArray();

    public int Count => _layers.Length;

    public Layer this[int index] => _layers[index];

    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        foreach (var layer in _layers)
        {
            x = layer.Forward(x);
        }

        return x;
    }

    public IEnumerator<Layer> GetEnumerator() => ((IEnumerable<Layer>)_layers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
