using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Attention of one position at a time to all before it.</summary>
public sealed partial class GrowingCache : Module
{
    private readonly Linear _query = new(8, 8), _key = new(8, 8), _value = new(8, 8);
    private Tensor _keys = Tensor.Zeros([0, 8]), _values = Tensor.Zeros([0, 8]);

    public Tensor Keys => _keys;

    public void Reset() => (_keys, _values) = (Tensor.Zeros([0, 8]), Tensor.Zeros([0, 8]));

    [StaticGraph]
    public Tensor Step([Shape("N", 8)] Tensor x)
    {
        _keys = Concat([_keys, _key.Forward(x)], 0);
        _values = Concat([_values, _value.Forward(x)], 0);
        return MatMul(Softmax(MatMul(_query.Forward(x), _keys, transposeB: true) * 0.35f), _values);
    }

    /// <summary>Reads what it does not change.</summary>
    [StaticGraph]
    public Tensor Look(Tensor x) => Sum(MatMul(x, _keys, transposeB: true));
}

/// <summary>The layers of a model, each with its own growing cache, called from one step.</summary>
public sealed partial class CachedLayers : Module
{
    private readonly GrowingCache[] _layers = [new(), new(), new()];

    public IReadOnlyList<GrowingCache> Layers => _layers;

    [StaticGraph]
    public Tensor Step([Shape("N", 8)] Tensor x)
    {
        foreach (var layer in _layers)
        {
            x = x + layer.Step(x);
        }

        return x;
    }
}

/// <summary>As long as it will ever be, and the place to write next.</summary>
public sealed partial class PlacedCache : Module
{
    private readonly Linear _query = new(8, 8), _key = new(8, 8), _value = new(8, 8);

    public Tensor Keys { get; } = Tensor.Zeros([32, 8]);

    public Tensor Values { get; } = Tensor.Zeros([32, 8]);

    public Tensor Position { get; } = Tensor.From<int>([0], 1);

    [StaticGraph]
    public Tensor Step([Shape(1, 8)] Tensor x)
    {
        var places = Iota([32], 0, DType.I32);
        var here = Reshape(Equal(places, Position), [32, 1]);
        Keys.Assign(Select(here, _key.Forward(x), Keys));
        Values.Assign(Select(here, _value.Forward(x), Values));
        var scores = MatMul(_query.Forward(x), Keys, transposeB: true) * 0.35f;
        Position.Assign(Position + 1);
        return MatMul(Softmax(Select(places < Position, scores, -1e9f)), Values);
    }
}

/// <summary>Looks at as many of its keys as it is told.</summary>
public sealed partial class FilledCache(int queries, bool causal) : Module
{
    private readonly Tensor _query = new Generator(1).Normal([2, queries, 8]), _keys = new Generator(2).Normal([2, 40, 8]), _values = new Generator(3).Normal([2, 40, 8]);

    [StaticGraph]
    public Tensor Look(Tensor length) => Attention(_query, _keys, _values, causal, length: length);

    public Tensor LookAtPart(int length) => Attention(_query, _keys[.., ..length, ..], _values[.., ..length, ..], causal);
}
