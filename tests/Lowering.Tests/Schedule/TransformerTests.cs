using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Schedule;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>A training step of a small decoder-only transformer: forward, backward, clip by the global norm, AdamW in place.</summary>
public sealed class TransformerTests
{
    private const int Width = 8;
    private const int Heads = 2;
    private const int Vocabulary = 11;

    [Fact]
    public void A_training_step_gives_what_its_ops_give()
    {
        var module = Check(TrainingStep(), (2, 3), (1, 1), (3, 17));

        // Every state is updated in place.
        var root = module.Programs[0];
        Assert.Equal(root.Inputs.Length - 2, root.Donations.Length);
    }

    [Fact]
    public void A_layer_forward_and_back_takes_few_kernels()
    {
        var module = Scheduler.Schedule(Layer(), SchedulePlan.Usual);

        // 17 products, each with a pack, and attention, which packs twice; the rest are rows and columns. Heads are joined where they are made.
        Assert.DoesNotContain(module.Programs.SelectMany(p => p.Steps), s => s.Label.StartsWith("cast", StringComparison.Ordinal));
        Assert.InRange(module.Launches(), 18 * 2, 64);
        _ = Check(Layer(), (2, 5));
    }

    [Fact]
    public void A_layer_runs_compiled() => CheckNative(Layer(), (2, 5), (1, 1), (3, 40));

    private static OpValue Block(OpBuilder b, OpValue x, ReadOnlySpan<OpValue> w)
    {
        var (batch, length) = (x.Shape[0], x.Shape[1]);
        var normal = b.Apply(OpCode.LayerNorm, x, w[0], w[1]);
        var joint = b.Apply(OpCode.Linear, normal, w[2], w[3]);
        OpValue Part(int part) => b.Transpose(
            b.Reshape(b.Slice(joint, [0, 0, part * Width], [batch, length, Width]), Shape.From(batch, length, Heads, Width / Heads)), [0, 2, 1, 3]);
        var mixed = b.Apply(OpCode.Attention, Attributes.Empty.With("causal", true), Part(0), Part(1), Part(2));
        var h = x + b.Apply(OpCode.Linear, b.Reshape(b.Transpose(mixed, [0, 2, 1, 3]), Shape.From(batch, length, Width)), w[4], w[5]);
        var up = b.Apply(OpCode.GeluTanh, b.Apply(OpCode.Linear, b.Apply(OpCode.LayerNorm, h, w[6], w[7]), w[8], w[9]));
        return h + b.Apply(OpCode.Linear, up, w[10], w[11]);
    }

    private static TensorType[] BlockTypes =>
    [
        F32(Width), F32(Width), F32(3 * Width, Width), F32(3 * Width), F32(Width, Width), F32(Width),
        F32(Width), F32(Width), F32(4 * Width, Width), F32(4 * Width), F32(Width, 4 * Width), F32(Width),
    ];

    private static GraphModule Layer() => Module([F32(B, T, Width), .. BlockTypes], (b, x) =>
    {
        var loss = b.Sum(b.Apply(OpCode.Square, Block(b, x[0], [.. x.Skip(1)])), [0, 1, 2]);
        return [loss, .. b.Gradient(loss, [.. x])];
    });

    private static GraphModule TrainingStep()
    {
        TensorType[] weights = [F32(Vocabulary, Width), F32(32, Width), .. BlockTypes, .. BlockTypes, F32(Width), F32(Width)];
        var b = new GraphBuilder("step");
        OpValue tokens = b.Input("tokens", I64(B, T), InputKind.Argument), targets = b.Input("targets", I64(B, T), InputKind.Argument);
        OpValue[] States(string name) => [.. weights.Select((t, i) => b.Input($"{name}{i}", t, InputKind.State))];
        var (w, m, v) = (States("w"), States("m"), States("v"));
        var x = b.Apply(OpCode.Embedding, w[0], tokens) + b.Slice(w[1], [0, 0], [T, Width]);
        x = Block(b, x, w.AsSpan(2, 12));
        x = Block(b, x, w.AsSpan(14, 12));
        var logits = b.Apply(OpCode.Linear, b.Apply(OpCode.LayerNorm, x, w[26], w[27]), w[0]);
        var loss = b.Apply(OpCode.CrossEntropy, logits, targets);
        var gradients = b.Gradient(loss, [.. w]);
        var norm = gradients.Select(g => b.Sum(b.Apply(OpCode.Square, g), Enumerable.Range(0, g.Shape.Rank))).Aggregate((p, q) => p + q);
        var scale = b.Apply(OpCode.Minimum, b.Scalar(DType.F32, 1), 1.0 / (b.Apply(OpCode.Sqrt, norm) + 1e-6));
        b.Output(loss, OutputKind.Result);
        for (var i = 0; i < w.Length; i++)
        {
            var g = gradients[i] * scale;
            var m2 = (m[i] * 0.9) + (g * 0.1);
            var v2 = (b.Apply(OpCode.Abs, v[i]) * 0.99) + (b.Apply(OpCode.Square, g) * 0.01);
            b.Output(w[i] - (((m2 / (b.Apply(OpCode.Sqrt, v2) + 1e-8)) + (w[i] * 0.01)) * 1e-3), OutputKind.Assign, 2 + i);
            b.Output(m2, OutputKind.Assign, 2 + weights.Length + i);
            b.Output(v2, OutputKind.Assign, 2 + (2 * weights.Length) + i);
        }

        return Lower(new GraphModule([b.Build()]));
    }
}
