using System.Collections.Immutable;

namespace Unified.Ir.Tests;

/// <summary>Random program images. Their content means nothing; every field takes every kind of value.</summary>
internal sealed class RandomImages(Draw draw)
{
    public ProgramImage Image() => new(
        draw.Text(),
        [.. draw.List(0, 3, draw.Text)],
        [.. draw.List(0, 3, () => new KernelCode(draw.Text(), draw.Text(), Blob()))],
        [.. draw.List(0, 3, Program)],
        [.. draw.List(0, 3, Blob)]);

    private GraphProgram Program() => new(
        draw.Text(),
        [.. draw.List(0, 3, Type)],
        [.. draw.List(0, 3, Type)],
        [.. draw.List(0, 4, () => new BufferPlan(draw.Of(Enum.GetValues<BufferKind>()), draw.Int(-1, 9), Dim(), draw.Int(0, 9), draw.Int(0, 9)) { Over = draw.Int(-1, 3) })],
        [.. draw.List(0, 2, () => new Donation(draw.Int(0, 5), draw.Int(0, 5)))],
        [.. draw.List(0, 4, Step)]);

    private ProgramStep Step() => draw.Chance(0.6)
        ? new LaunchStep(
            draw.Text(), draw.Int(0, 9), References(), [.. draw.List(0, 4, Dim)], Dim(), Dim(), Dim(), Dim(), Dim(), draw.Source())
        {
            MayBeKept = draw.Chance(0.3),
        }
        : draw.Int(0, 5) switch
        {
            0 => new BranchStep(
                draw.Text(), draw.Int(0, 9), Reference(), References(), References(), References(), draw.Int(-1, 9), draw.Source()),
            1 => new LoopStep(
                draw.Text(), draw.Int(0, 9), Reference(), References(), References(), References(), References(), draw.Int(-1, 9), draw.Source())
            {
                Tape = draw.Chance(0.5) ? Reference() : null,
                Mark = draw.Chance(0.5) ? Reference() : null,
                Saved = [.. draw.List(0, 3, () => draw.Int(0, 9))],
            },
            2 => new UnwindStep(
                draw.Text(), draw.Int(0, 9), Reference(), Reference(), References(), References(), References(), References(), References(), draw.Int(-1, 9), draw.Source()),
            3 => new ManagedStep(
                draw.Text(), OpTable.Get(draw.Of(Enum.GetValues<OpCode>())), Attributes.Empty.With("axis", (long)draw.Int(-3, 3)).With("text", new StringAttribute(draw.Text())), [.. draw.List(0, 3, Type)], References(), draw.Source()),
            _ => new CallStep(draw.Text(), draw.Int(0, 9), References(), References(), draw.Int(-1, 9), draw.Source()),
        };

    private ImmutableArray<BufferRef> References() => [.. draw.List(0, 4, Reference)];

    private BufferRef Reference() => new(draw.Int(0, 9), Dim());

    private TensorType Type() => new(draw.Of<DType>(DTypes.All), new Shape([.. draw.List(0, 3, Dim)]));

    private Dim Dim() => RandomDims.Next(draw, 2);

    private ImmutableArray<byte> Blob()
    {
        var bytes = new byte[draw.Int(0, 300)];
        draw.Bytes(bytes);
        return [.. bytes];
    }
}
