using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Peers;
using Unified.Nn;

namespace Unified.Benchmarks.Works;

/// <summary>Inference and training of whole models.</summary>
internal static class WholeModels
{
    private const int Layers = 12, GroupSize = 64;

    public static IEnumerable<Work> All() =>
    [
        Prefill(128), Prefill(512), Prefill(128, "i8", linear => new DynamicQuantizedLinear(linear)), Prefill(512, "i8", linear => new DynamicQuantizedLinear(linear)),
        Prefill(128, "bf16"), Prefill(512, "bf16"),
        Images(1), Images(16),
        new Work("gpt2_step/f32/4x128", new Cost(3 * 4 * (Body(128) + (2.0 * 128 * Gpt2.Width * Gpt2.Vocabulary))), _ =>
        {
            var model = new Gpt2(training: true);
            Tensor tokens = Inputs.Indices(1, Gpt2.Vocabulary, 4, 128), next = Inputs.Indices(2, Gpt2.Vocabulary, 4, 128);
            return new Contest(new InProcess("unified", Inputs.Disposing(() => model.Step(tokens, next))));
        })
        { PeerFloor = 2, IsLong = true },
        new Work("gpt2_step_eager/f32/4x128", new Cost(3 * 4 * (Body(128) + (2.0 * 128 * Gpt2.Width * Gpt2.Vocabulary))), _ =>
        {
            var model = new Gpt2(training: true);
            Tensor tokens = Inputs.Indices(1, Gpt2.Vocabulary, 4, 128), next = Inputs.Indices(2, Gpt2.Vocabulary, 4, 128);
            return new Contest(new InProcess("unified", () =>
            {
                using var eager = Execution.Use(ExecutionMode.Eager);
                using var temporaries = new TensorScope();
                model.Step(tokens, next);
            }));
        })
        { PeerFloor = 1 / 1.3, IsLong = true, IsHuge = true },
        Decode("f32", 4, 128), Decode("f32", 4, 512), Decode("bf16", 2, 128), Decode("bf16", 2, 512),
        Decode("w8", 1, 128, linear => new QuantizedLinear(linear)), Decode("w4", 0.5 + (4.0 / GroupSize), 128, linear => new GroupQuantizedLinear(linear, GroupSize)),
        new Work("mlp/f32/64", new Cost(MlpFlops), threads =>
        {
            var model = new Mlp();
            var x = Inputs.Uniform(1, 64, 784);
            var call = Inputs.Disposing(() => model.Forward(x));
            return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [x], threads));
        })
        { PeerFloor = 1.05 },
        new Work("mlp_step/f32/64", new Cost(3 * MlpFlops), _ =>
        {
            var model = new Mlp();
            Tensor x = Inputs.Uniform(1, 64, 784), labels = Inputs.Indices(2, 10, 64);
            return new Contest(new InProcess("unified", Inputs.Disposing(() => model.Step(x, labels))));
        })
        { PeerFloor = 2.5 },
    ];

    // 4.09 multiplications and additions per image of 224 × 224, in thousand millions.
    private static Work Images(int count) => new($"resnet50/f32/{count}", new Cost(2 * 4.09e9 * count), threads =>
    {
        var model = new ResNet50();
        var images = Inputs.Uniform(1, count, 3, 224, 224);
        var call = Inputs.Disposing(() => model.Forward(images));
        return new Contest(new InProcess("unified", call), OnnxPeer.Of(call, [images], threads));
    })
    { PeerFloor = 1.1, IsLong = count > 1 };

    private static double MlpFlops => 2.0 * 64 * ((784 * 512) + (512 * 512) + (512 * 10));

    // A pass over one sequence without the head; attention over the half of the square that is seen.
    private static double Body(int length) => Layers * ((2.0 * length * 12 * Gpt2.Width * Gpt2.Width) + (2.0 * length * length * Gpt2.Width));

    // Every weight is read once; the embedding's as the head. Caches are f32, and bf16 where products are.
    private static Work Decode(string weights, double bytes, int length, Func<Linear, Layer>? hold = null) => new(
        $"gpt2_decode/{weights}/{length}",
        new Cost(
            (2.0 * Layers * 12 * Gpt2.Width * Gpt2.Width) + (2.0 * Gpt2.Width * Gpt2.Vocabulary),
            (bytes * ((Layers * 12.0 * Gpt2.Width * Gpt2.Width) + ((double)Gpt2.Width * Gpt2.Vocabulary))) + ((IsHalf(weights) ? 2 : 4) * 2.0 * Layers * length * Gpt2.Width)),
        threads =>
        {
            var model = new Gpt2(hold: hold);
            Tensor token = Inputs.Indices(1, Gpt2.Vocabulary, 1, 1), position = Tensor.From<int>([length], 1), place = Tensor.Scalar(length);
            Tensor[] keys = Caches(1, length), values = Caches(100, length);
            model.Remember(keys, values, IsHalf(weights) ? Ir.DType.BF16 : Ir.DType.F32);
            var call = In(weights, () => model.Continue(token, place));
            RequireEqual(model.Decode(token, position, keys, values), call(), IsHalf(weights) ? 5e-2 : 1e-3);
            var ours = new InProcess("unified", Inputs.Disposing(call));

            // The peers are given the caches and join them with what is new, as their graphs do.
            return weights == "f32" ? new Contest(ours, OnnxPeer.Of(Inputs.Disposing(() => model.Decode(token, position, keys, values)), [token, position, .. keys, .. values], threads))
                : new Contest(ours);
        })
    { PeerFloor = weights is "f32" or "bf16" ? 1 : 0, ShareFloor = weights == "f32" ? 0 : 0.9, IsLong = true };

    private static bool IsHalf(string dtype) => dtype == "bf16";

    private static Func<Tensor> In(string dtype, Func<Tensor> call) => !IsHalf(dtype) ? call : () =>
    {
        using var precision = MixedPrecision.Use(Ir.DType.BF16);
        return call();
    };

    // What is compared must be the same step.
    private static void RequireEqual(Tensor expected, Tensor actual, double most)
    {
        var difference = Ops.Max(Ops.Abs(expected - Ops.Cast(actual, expected.DType))).ToScalar();
        if (!(difference < most))
        {
            throw new InvalidOperationException($"the step within its caches differs from that with given ones by {difference}");
        }
    }

    private static Tensor[] Caches(int seed, int length) =>
        [.. Enumerable.Range(seed, Layers).Select(s => Inputs.Uniform(s, 1, Gpt2.Heads, length, Gpt2.Width / Gpt2.Heads))];

    private static Work Prefill(int length, string weights = "f32", Func<Linear, Layer>? hold = null) => new(
        $"gpt2_prefill/{weights}/{length}",
        new Cost(Body(length), Speed: weights switch { "f32" => 1, "bf16" => 2, _ => 4 }),
        threads =>
        {
            var model = new Gpt2(hold: hold);
            var tokens = Inputs.Indices(1, Gpt2.Vocabulary, 1, length);
            var call = Inputs.Disposing(In(weights, () => model.Last(tokens)));
            var ours = new InProcess("unified", call);
            return weights == "f32" ? new Contest(ours, OnnxPeer.Of(call, [tokens], threads)) : new Contest(ours);
        })
    { PeerFloor = weights == "f32" ? 1.15 : 0, ShareFloor = IsHalf(weights) ? 0.75 : 0, IsLong = true };
}
