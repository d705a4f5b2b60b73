using Unified;
using Unified.Ir;

namespace TextGpt;

/// <summary>Continues a text byte by byte.</summary>
public static class Sampler
{
    public static byte[] Continue(Gpt model, byte[] prompt, int count, float temperature, int seed, ExecutionMode mode)
    {
        model.Evaluate();
        var random = new Random(seed);
        var text = prompt.ToList();
        var logits = new float[GptSize.Vocabulary];
        using (Execution.Use(mode))
        using (Ops.NoGrad())
        {
            for (var i = 0; i < count; i++)
            {
                var window = text.TakeLast(model.Size.Context).Select(b => (int)b).ToArray();
                using var bytes = Tensor.From<int>(window, 1, window.Length);
                using var output = model.Forward(bytes);
                output.AsReadOnlySpan<float>()[^GptSize.Vocabulary..].CopyTo(logits);
                text.Add((byte)Draw(logits, temperature, random));
            }
        }

        model.Train();
        return [.. text.Skip(prompt.Length)];
    }

    private static int Draw(Span<float> logits, float temperature, Random random)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        if (temperature <= 0)
        {
            return best;
        }

        var top = logits[best];
        double sum = 0;
        foreach (ref var logit in logits)
        {
            logit = MathF.Exp((logit - top) / temperature);
            sum += logit;
        }

        var at = random.NextDouble() * sum;
        for (var i = 0; i < logits.Length; i++)
        {
            at -= logits[i];
            if (at < 0)
            {
                return i;
            }
        }

        return best;
    }
}
