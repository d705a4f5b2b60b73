using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Unified.Benchmarks.Torch;

/// <summary>ResNet-50, as in ../Models/ResNet50.cs.</summary>
internal sealed class TorchResNet50 : nn.Module<Tensor, Tensor>
{
    private static readonly int[] s_blocks = [3, 4, 6, 3];

    private readonly Sequential _stem = TorchBottleneck.Unit(3, 64, 7, 2);
    private readonly ModuleList<TorchBottleneck> _blocks = nn.ModuleList(Blocks().ToArray());
    private readonly Linear _head = nn.Linear(2048, 1000);

    public TorchResNet50()
        : base("resnet50") => RegisterComponents();

    public override Tensor forward(Tensor images)
    {
        var x = nn.functional.max_pool2d(nn.functional.relu(_stem.forward(images)), 3, 2, 1);
        foreach (var block in _blocks)
        {
            x = block.forward(x);
        }

        return _head.forward(x.mean([2, 3]));
    }

    private static IEnumerable<TorchBottleneck> Blocks()
    {
        var inputs = 64;
        for (var stage = 0; stage < s_blocks.Length; stage++)
        {
            for (var i = 0; i < s_blocks[stage]; i++)
            {
                yield return new TorchBottleneck(inputs, 64 << stage, i == 0 && stage > 0 ? 2 : 1);
                inputs = 256 << stage;
            }
        }
    }
}

internal sealed class TorchBottleneck : nn.Module<Tensor, Tensor>
{
    private readonly Sequential _reduce, _middle, _expand;
    private readonly Sequential? _shortcut;

    public TorchBottleneck(int inputs, int width, int stride)
        : base("bottleneck")
    {
        _reduce = Unit(inputs, width, 1, 1);
        _middle = Unit(width, width, 3, stride);
        _expand = Unit(width, 4 * width, 1, 1);
        _shortcut = inputs != 4 * width ? Unit(inputs, 4 * width, 1, stride) : null;
        RegisterComponents();
    }

    public static Sequential Unit(int inputs, int outputs, int kernel, int stride) =>
        nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel / 2, bias: false), nn.BatchNorm2d(outputs));

    public override Tensor forward(Tensor x)
    {
        var y = nn.functional.relu(_middle.forward(nn.functional.relu(_reduce.forward(x))));
        return nn.functional.relu(_expand.forward(y) + (_shortcut is null ? x : _shortcut.forward(x)));
    }
}
