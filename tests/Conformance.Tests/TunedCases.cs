using System.Collections.Immutable;
using System.Security.Cryptography;
using Unified.Ir;
using Unified.Lowering;
using static Unified.Ir.KernelFamily;

namespace Unified.Conformance.Tests;

/// <summary>A call whose sizes cross tunables of some families.</summary>
/// <param name="Tolerance">Of |error| / (1 + the largest |reference|), as the op table has it for sums.</param>
internal sealed record TunedCase(string Name, ImmutableArray<KernelFamily> Families, Func<TunedModel, Tensor> Call, double Tolerance = 1e-5)
{
    public static ImmutableArray<TunedCase> All { get; } =
    [
        .. from m in (int[])[1, 2, 9, 61, 200] select Product(m, 300, 700),
        Product(50, 22_000, 33), Product(7, 64, 2200), Product(130, 400, 2200), Product(130, 40, 6000),
        new("divided", [KernelFamily.Product], m => m.Divided(Uniform(1, 61, 64), Uniform(2, 64, 100))),
        new("rooted", [KernelFamily.Product], m => m.Rooted(Uniform(1, 61, 64), Uniform(2, 64, 100))),
        new("any 61", [KernelFamily.Product], m => m.AnyRows(Uniform(1, 61, 300), Uniform(2, 300, 700), Uniform(3, 700))),
        .. from m in (int[])[1, 7, 50, 55, 800] select new TunedCase($"bf16 {m}", [Dots, Packing], t => t.Halves(Uniform(1, m, 301), Uniform(2, 301, 700)), 2e-2),
        new("bf16 wide", [Dots], t => t.Halves(Uniform(1, 800, 32), Uniform(2, 32, 2200)), 2e-2),
        new("bf16 deep", [Dots], t => t.Halves(Uniform(1, 50, 22_000), Uniform(2, 22_000, 33)), 2e-2),
        .. from m in (int[])[1, 7, 55] select new TunedCase($"u8 {m}", [Dots], t => t.Bytes(Uniform(1, m, 256))),
        .. from m in (int[])[1, 2, 7, 50, 55, 800] select new TunedCase($"4 bits {m}", [Scaled], t => t.ScaledFours(Uniform(1, m, 256))),
        new("4 bits wide", [Scaled], t => t.ScaledWide(Uniform(1, 800, 64))),
        new("4 bits deep", [Scaled], t => t.ScaledDeep(Uniform(1, 50, 22_016))),
        .. from m in (int[])[1, 2, 7, 55] select new TunedCase($"8 bits {m}", [Scaled], t => t.ScaledEights(Uniform(1, m, 256))),
        .. from s in (int[])[5, 9, 50, 100] select new TunedCase($"tiles {s}", [Winograd, Convolutions], t => t.Convolved(Uniform(1, 1, 16, s, s))),
        new("windows 31", [KernelFamily.Product], t => t.Strided(Uniform(1, 2, 16, 31, 31))),
        .. from n in (int[])[11, 61, 700] select new TunedCase($"attention {n}", [KernelFamily.Attention], t => t.Attended(Uniform(1, 2, n, 40), Uniform(2, 2, 700, 40), Uniform(3, 2, 700, 48))),
        .. from n in (int[])[3, 11] select new TunedCase($"attention of few {n}", [KernelFamily.DecodeAttention], t => t.Attended(Uniform(1, 2, n, 40), Uniform(2, 2, 700, 40), Uniform(3, 2, 700, 48))),
        .. from n in (int[])[61, 300] select new TunedCase($"attention back {n}", [KernelFamily.AttentionGradient], t => t.AttendedBack(Uniform(1, 2, n, 40), Uniform(2, 2, n, 40), Uniform(3, 2, n, 40))),
        .. from n in (int[])[37, 1000, 5000, 70_000] select new TunedCase($"rows {n}", [KernelFamily.Rows, Fusion], t => t.Rows(Uniform(1, 5, n))),
        new("large", [KernelFamily.Rows], t => t.Large(Uniform(1, 300_001))),
        .. from c in (int[])[13, 150] select new TunedCase($"columns {c}", [KernelFamily.Columns], t => t.Columns(Uniform(1, 3000, c))),
        new("scatter", [Scatter], t => t.Scattered(Indices(600, 70), Uniform(1, 600, 150))),
        new("concat", [Copies], t => t.Copied(Uniform(1, 300, 17), Uniform(2, 300, 30))),
        new("chain", [Fusion], t => t.Chain(Uniform(1, 500))),
    ];

    /// <summary>The extremes of every tunable but its default.</summary>
    public static IEnumerable<(Tunable Tunable, int Value)> Extremes =>
        from tunable in TunableTable.All
        from value in new[] { tunable.Candidates[0], tunable.Candidates[^1] }
        where value != tunable.Default
        select (tunable, value);

    /// <summary>The result in graph mode with a tuning; null: eagerly.</summary>
    public float[] Run(TunedModel model, Tuning? tuning)
    {
        var options = GraphRuntime.Options;
        GraphRuntime.Options = options with { Tuning = tuning };
        try
        {
            using (Execution.Use(tuning is null ? ExecutionMode.Eager : ExecutionMode.Graph))
            {
                return Call(model).ToArray<float>();
            }
        }
        finally
        {
            GraphRuntime.Options = options;
        }
    }

    /// <summary>All that the tuning decides of the call's code: kernels, and how they are launched.</summary>
    public string Code(TunedModel model, Tuning tuning)
    {
        var call = GraphCall.Of(() => Call(model));
        var image = new GraphCompiler().Compile(call.Function, call.Self, call.Arguments, GraphRuntime.Options with { Tuning = tuning }).Image;
        return Convert.ToHexString(SHA256.HashData(ProgramImageCodec.Encode(image)));
    }

    private static TunedCase Product(int m, int k, int n) =>
        new($"product {m}x{k}x{n}", [KernelFamily.Product, Packing], t => t.Product(Uniform(1, m, k), Uniform(2, k, n), Uniform(3, n)));

    private static Tensor Uniform(int seed, params int[] shape)
    {
        var random = new Random(seed);
        return Tensor.From([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (random.NextSingle() * 2) - 1)], shape);
    }

    private static Tensor Indices(int count, int below) => Tensor.From([.. Enumerable.Range(0, count).Select(i => (long)(i * 37 % below))], count);
}
