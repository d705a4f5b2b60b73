using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Unified.Benchmarks.Torch;

/// <summary>The works of the benchmark, as a user of TorchSharp writes them. Results are disposed by the scope around each run.</summary>
internal static class TorchWorks
{
    private static readonly Dictionary<string, Func<int[], Action>> s_families = new(StringComparer.Ordinal)
    {
        ["gemm"] = s => Without(() => (Uniform(s[0], s[0]), Uniform(s[0], s[0])), t => t.Item1.matmul(t.Item2)),
        ["linear"] = s => Without(() => (Uniform(s[0], s[1]), Uniform(s[2], s[1])), t => nn.functional.linear(t.Item1, t.Item2)),
        ["affine_gelu"] = s => Without(() => (Uniform(s[0], s[1]), Uniform(s[1]), Uniform(s[1])), t => nn.functional.gelu((t.Item1 * t.Item2) + t.Item3)),
        ["softmax"] = s => Without(() => Uniform(s[0], s[1]), t => nn.functional.softmax(t, -1)),
        ["layer_norm"] = s => Without(() => (Uniform(s[0], s[1]), Uniform(s[1]), Uniform(s[1])), t => nn.functional.layer_norm(t.Item1, [s[1]], t.Item2, t.Item3)),
        ["cross_entropy"] = s => Without(() => (Uniform(s[0], s[1]), randint(s[1], s[0])), t => nn.functional.cross_entropy(t.Item1, t.Item2)),
        ["cross_entropy_gradient"] = s =>
        {
            var (logits, targets) = (Uniform(s[0], s[1]).requires_grad_(), randint(s[1], s[0]));
            return () => autograd.grad([nn.functional.cross_entropy(logits, targets)], [logits]);
        },
        ["attention"] = s => Without(() => (Head(s[0]), Head(s[0]), Head(s[0])), t => nn.functional.scaled_dot_product_attention(t.Item1, t.Item2, t.Item3, is_casual: true)),
        ["attention_gradient"] = s =>
        {
            Tensor q = Head(s[0]).requires_grad_(), k = Head(s[0]).requires_grad_(), v = Head(s[0]).requires_grad_(), w = Head(s[0]);
            return () => autograd.grad([(nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true) * w).sum()], [q, k, v]);
        },
        ["gpt2_prefill"] = s => Prefill(s, float32),
        ["gpt2_decode"] = s => Decode(s, float32),
        ["gpt2_step"] = Step,
        ["gpt2_step_eager"] = Step,
        ["resnet50"] = s =>
        {
            var model = new TorchResNet50();
            model.eval();
            var images = Uniform(s[0], 3, 224, 224);
            return () =>
            {
                using var _ = no_grad();
                model.forward(images);
            };
        },
        ["mlp"] = s =>
        {
            var (model, x) = (Mlp(), Uniform(s[0], 784));
            return () =>
            {
                using var _ = no_grad();
                model.forward(x);
            };
        },
        ["mlp_step"] = s =>
        {
            var model = Mlp();
            var optimizer = optim.Adam(model.parameters(), 1e-3);
            var (x, labels) = (Uniform(s[0], 784), randint(10, s[0]));
            return () =>
            {
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.forward(x), labels).backward();
                optimizer.step();
            };
        },
        ["tiny_eager"] = s => Without(() => (Uniform(s[0]), Uniform(s[0])), t => t.Item1 * t.Item2),
        ["tiny_eager_taped"] = s =>
        {
            var (x, y) = (Uniform(s[0]).requires_grad_(), Uniform(s[0]));
            return () => _ = x * y;
        },
    };

    private static readonly Dictionary<string, Func<int[], Action>> s_halves = new(StringComparer.Ordinal)
    {
        ["linear"] = s => Without(() => (Uniform(s[0], s[1]).bfloat16(), Uniform(s[2], s[1]).bfloat16()), t => nn.functional.linear(t.Item1, t.Item2)),
        ["gpt2_prefill"] = s => Prefill(s, bfloat16),
        ["gpt2_decode"] = s => Decode(s, bfloat16),
    };

    /// <returns>Null for a work that has no counterpart here.</returns>
    public static Action? Prepare(string name)
    {
        var parts = name.Split('/');
        var families = parts[1] switch { "f32" => s_families, "bf16" => s_halves, _ => null };
        return families?.TryGetValue(parts[0], out var make) == true ? make([.. parts[2].Split('x').Select(s => int.Parse(s, CultureInfo.InvariantCulture))]) : null;
    }

    private static Action Prefill(int[] s, ScalarType type)
    {
        var model = new TorchGpt2().to(type);
        var tokens = randint(TorchGpt2.Vocabulary, [1, s[0]]);
        return () =>
        {
            using var _ = no_grad();
            model.Last(tokens);
        };
    }

    private static Action Decode(int[] s, ScalarType type)
    {
        var model = new TorchGpt2().to(type);
        Tensor token = randint(TorchGpt2.Vocabulary, [1, 1]), position = full([1], s[0], int64);
        Tensor[] keys = [.. Enumerable.Range(0, 12).Select(_ => Head(s[0]).to(type))], values = [.. Enumerable.Range(0, 12).Select(_ => Head(s[0]).to(type))];
        return () =>
        {
            using var _ = no_grad();
            model.Decode(token, position, keys, values);
        };
    }

    private static Action Step(int[] s)
    {
        var model = new TorchGpt2();
        var optimizer = optim.AdamW(model.parameters(), 1e-4);
        Tensor tokens = randint(TorchGpt2.Vocabulary, [s[0], s[1]]), next = randint(TorchGpt2.Vocabulary, [s[0], s[1]]);
        return () =>
        {
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.forward(tokens).view(-1, TorchGpt2.Vocabulary), next.view(-1)).backward();
            optimizer.step();
        };
    }

    private static Tensor Uniform(params int[] shape) => rand([.. shape.Select(s => (long)s)]) - 0.5;

    private static Tensor Head(int length) => Uniform(1, 12, length, 64);

    private static nn.Module<Tensor, Tensor> Mlp() =>
        nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10));

    // Without a tape.
    private static Action Without<T>(Func<T> inputs, Func<T, Tensor> work)
    {
        var t = inputs();
        return () =>
        {
            using var _ = no_grad();
            work(t);
        };
    }
}
