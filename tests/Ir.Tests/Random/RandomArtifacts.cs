using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Unified.Ir.Tests;

/// <summary>Random artifacts. Their numbers lie within their tables; else they mean nothing.</summary>
internal sealed class RandomArtifacts(Draw draw)
{
    private int _definitions;
    private int _objects;

    public Artifact Artifact()
    {
        var images = new RandomImages(draw);
        ImmutableArray<KernelCode> kernels = [.. draw.List(0, 3, () => new KernelCode(Name(), Name(), [.. draw.List(0, 20, () => (byte)draw.Int(0, 255))]))];
        ImmutableArray<string> targets = [.. draw.List(0, 3, Name)];
        return new Artifact(
            Name(), targets, kernels,
            [
                .. draw.List(0, 3, () => new ArtifactGraph(
                    Function(images.Image()), [.. targets.Select(_ => kernels.IsEmpty ? [] : draw.List(0, 3, () => draw.Int(0, kernels.Length - 1)).ToImmutableArray())])),
            ]);
    }

    private RecordedFunction Function(ProgramImage image)
    {
        (_definitions, _objects) = (draw.Int(1, 3), draw.Int(1, 5));
        return new RecordedFunction(
            Name(),
            new HostTrace(
                [.. Enumerable.Range(0, _definitions).Select(_ => new TracedDefinition(Name(), Convert.ToBase64String(SHA256.HashData([(byte)draw.Int(0, 255)]))))],
                Operand(),
                [.. Enumerable.Range(0, _objects).Select(_ => new HostObjectFacts(draw.Chance(0.3) ? Type() : null, draw.Chance(0.3) ? draw.Text() : null))],
                [.. draw.List(0, 6, Step)]),
            [
                .. draw.List(0, 4, () => draw.Int(0, 2) switch
                {
                    0 => (ArgumentSpec)new TensorSpec(Type()),
                    1 => new TensorListSpec([.. draw.List(0, 3, Type)]),
                    _ => new RecordedHostSpec(Operand()),
                }),
            ],
            image,
            [
                .. draw.List(0, 4, () => draw.Int(0, 2) switch
                {
                    0 => (InputBinding)new ArgumentBinding(draw.Int(0, 5), draw.Int(-1, 3)),
                    1 => new RecordedTensorBinding(draw.Int(0, _objects - 1)),
                    _ => new RecordedThunkBinding(Thunk()),
                }),
            ],
            [
                .. draw.List(0, 4, () => draw.Int(0, 4) switch
                {
                    0 => (OutputBinding)new ResultBinding(draw.Int(0, 5)) { Input = draw.Int(-1, 3), Twin = draw.Int(-1, 3) },
                    1 => new AssignBinding(draw.Int(0, 5)),
                    2 => new RecordedRebindBinding(Thunk(), draw.Int(-1, 3)) { Input = draw.Int(-1, 3), Twin = draw.Int(-1, 3) },
                    3 => new FlagBinding(),
                    _ => new RecordedThrowBinding([.. draw.List(0, 3, Thunk)]),
                }),
            ],
            draw.Int(0, 5),
            [.. draw.List(0, 3, () => new RecordedGuard(Thunk(), Operand()))],
            [.. draw.List(0, 3, () => new DimRequirement(RandomDims.Next(draw, 2), draw.Text(), draw.Source()))])
        {
            Precision = draw.Chance(0.5) ? PrecisionPolicy.None : new PrecisionPolicy(draw.Of(DType.F16, DType.BF16), draw.Of(PrecisionLevel.O1, PrecisionLevel.O2, PrecisionLevel.O3)),
        };
    }

    private HostStep Step() => draw.Int(0, 6) switch
    {
        5 => new ItemStep(draw.Int(0, _objects - 1), Operand(), Operand()),
        6 => new CountStep(draw.Int(0, _objects - 1), draw.Int(0, 9)),
        0 => new InvokeStep(Thunk(), Operand()),
        1 => new ResolveStep(draw.Int(0, _definitions - 1), draw.Int(0, 9), Operand(), draw.Int(0, _definitions - 1)),
        2 => new ItemsStep(draw.Int(0, _objects - 1), Operands()),
        3 => new EqualStep(Operand(), Operand(), draw.Chance(0.5)),
        _ => new ArrayStep(Operands(), draw.Int(0, _objects - 1)),
    };

    private TracedThunk Thunk() => new(draw.Int(0, _definitions - 1), draw.Int(0, 9), Operand(), Operands());

    private ImmutableArray<HostOperand> Operands() => [.. draw.List(0, 3, Operand)];

    private HostOperand Operand() => draw.Chance(0.4) ? new HostObject(draw.Int(0, _objects - 1)) : new HostLiteral(draw.Int(0, 14) switch
    {
        0 => null,
        1 => draw.Chance(0.5),
        2 => (char)draw.Int(0, 0xFFFF),
        3 => (sbyte)draw.Int(-128, 127),
        4 => (byte)draw.Int(0, 255),
        5 => (short)draw.Int(-32768, 32767),
        6 => (ushort)draw.Int(0, 65535),
        7 => draw.Int(-1_000_000_000, 1_000_000_000),
        8 => (uint)draw.Int(0, 2_000_000_000) * 2,
        9 => (long)draw.Int(-1_000_000_000, 1_000_000_000) << 20,
        10 => ulong.MaxValue - (ulong)draw.Int(0, 9),
        11 => draw.Of(0f, -0f, float.NaN, float.PositiveInfinity, 1e-40f, 0.1f),
        12 => draw.Of(0.0, -0.0, double.NaN, double.NegativeInfinity, 5e-324, 0.1),
        _ => (object)draw.Text(),
    });

    // No lone surrogates, which C# names do not have either.
    private string Name() => draw.Of("", "größe 😀", "M:Ns.Outer`1.Method(System.Int32)", "x", "x86-64-v4+avx512bf16") + draw.Int(0, 9);

    private TensorType Type() => new(draw.Of<DType>(DTypes.All), new Shape([.. draw.List(0, 3, () => RandomDims.Next(draw, 2))]));
}
