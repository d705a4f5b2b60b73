using Unified.Nn;
using static Unified.Ops;

namespace Unified.Benchmarks.Models;

/// <summary>ResNet-50 (He et al., 2016), the stride in the 3×3 convolution of a block, for images [N, 3, 224, 224] and 1,000 classes.</summary>
public sealed partial class ResNet50 : Module
{
    private static readonly int[] s_blocks = [3, 4, 6, 3];

    private readonly ConvolutionUnit _stem = new(3, 64, 7, 2, 1);
    private readonly Bottleneck[] _blocks = [.. Blocks()];
    private readonly Linear _head = new(2048, 1000, generator: new Generator(3));

    [StaticGraph]
    public Tensor Forward([Shape("N", 3, 224, 224)] Tensor images)
    {
        var x = MaxPool(Relu(_stem.Forward(images)), [3, 3], [2, 2], [1, 1]);
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return _head.Forward(Reshape(GlobalAveragePool(x), x.Shape[0], 2048));
    }

    private static IEnumerable<Bottleneck> Blocks()
    {
        var inputs = 64;
        for (var stage = 0; stage < s_blocks.Length; stage++)
        {
            for (var i = 0; i < s_blocks[stage]; i++)
            {
                yield return new Bottleneck(inputs, 64 << stage, i == 0 && stage > 0 ? 2 : 1, (100 * (stage + 1)) + (10 * i));
                inputs = 256 << stage;
            }
        }
    }
}

public sealed partial class Bottleneck : Module
{
    private readonly ConvolutionUnit _reduce, _middle, _expand;
    private readonly ConvolutionUnit? _shortcut;

    public Bottleneck(int inputs, int width, int stride, int seed)
    {
        _reduce = new ConvolutionUnit(inputs, width, 1, 1, seed);
        _middle = new ConvolutionUnit(width, width, 3, stride, seed + 1);
        _expand = new ConvolutionUnit(width, 4 * width, 1, 1, seed + 2);
        _shortcut = inputs != 4 * width ? new ConvolutionUnit(inputs, 4 * width, 1, stride, seed + 3) : null;
    }

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        var y = _expand.Forward(Relu(_middle.Forward(Relu(_reduce.Forward(x)))));
        if (_shortcut is null)
        {
            return Relu(y + x);
        }

        return Relu(y + _shortcut.Forward(x));
    }
}

/// <summary>A convolution and its normalisation with stored statistics.</summary>
public sealed partial class ConvolutionUnit : Module
{
    private readonly Conv2d _convolution;
    private readonly BatchNorm2d _norm;

    public ConvolutionUnit(int inputs, int outputs, int kernel, int stride, int seed)
    {
        _convolution = new Conv2d(inputs, outputs, kernel, stride, kernel / 2, bias: false, generator: new Generator(seed));
        _norm = new BatchNorm2d(outputs);
        _norm.Train(false);
    }

    [StaticGraph]
    public Tensor Forward(Tensor x) => _norm.Forward(_convolution.Forward(x));
}
