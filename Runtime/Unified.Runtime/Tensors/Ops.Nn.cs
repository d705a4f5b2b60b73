using Unified.Ir;

namespace Unified;

/// <summary>Contractions and what networks are made of.</summary>
public static partial class Ops
{
    /// <summary>
    /// Matrix product over the last two axes; leading axes broadcast. A transpose flag exchanges the last two axes of its operand.
    /// </summary>
    [Op(OpCode.MatMul)]
    public static Tensor MatMul(Tensor x, Tensor y, bool transposeA = false, bool transposeB = false) =>
        Eager.Apply(OpCode.MatMul, Attributes.Empty.With("transposeA", transposeA).With("transposeB", transposeB), x, y);

    /// <summary>x·weightᵀ + bias, weight [out, in].</summary>
    [Op(OpCode.Linear)]
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) =>
        bias is null ? Eager.Apply(OpCode.Linear, Attributes.Empty, x, weight) : Eager.Apply(OpCode.Linear, Attributes.Empty, x, weight, bias);

    /// <summary>Rows of weight [V, D] by index: shape <c>indices.shape + [D]</c>.</summary>
    [Op(OpCode.Embedding)]
    public static Tensor Embedding(Tensor weight, Tensor indices) => Eager.Apply(OpCode.Embedding, weight, indices);

    /// <summary>Normalises over the last axis (biased variance), then scales and shifts.</summary>
    [Op(OpCode.LayerNorm)]
    public static Tensor LayerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon = 1e-5) =>
        Eager.Apply(OpCode.LayerNorm, Attributes.Empty.With("epsilon", epsilon), x, weight, bias);

    /// <summary>x / √(mean(x²) + ε) · weight, over the last axis.</summary>
    [Op(OpCode.RmsNorm)]
    public static Tensor RmsNorm(Tensor x, Tensor weight, double epsilon = 1e-6) =>
        Eager.Apply(OpCode.RmsNorm, Attributes.Empty.With("epsilon", epsilon), x, weight);

    /// <summary>Mean over all targets of -log softmax(logits)[target]; logits [..., V], targets i32 or i64 [...]. A target below 0 or above V - 1 is no class: its logit counts as the maximum.</summary>
    [Op(OpCode.CrossEntropy)]
    public static Tensor CrossEntropy(Tensor logits, Tensor targets) => Eager.Apply(OpCode.CrossEntropy, logits, targets);

    /// <summary>
    /// softmax(query·keyᵀ·scale + mask)·value: query [..., T, D], key [..., S, D] and value [..., S, E] give [..., T, E]; the axes before broadcast. A scale of 0 means 1/√D.
    /// </summary>
    /// <param name="causal">Whether a query sees only keys up to its own place; the last query stands at the last key.</param>
    /// <param name="length">
    /// How many of the keys count, i32 or i64, of a shape that broadcasts to the axes before the last two; null: all. What lies behind is not looked at, and causal, the last
    /// query stands at the last key that counts: what a cache with room to grow needs.
    /// </param>
    /// <exception cref="IndexOutOfRangeException">A length is below 1, below T where causal, or above S.</exception>
    [Op(OpCode.Attention)]
    public static Tensor Attention(Tensor query, Tensor key, Tensor value, bool causal = false, double scale = 0, Tensor? length = null)
    {
        var attributes = Attributes.Empty.With("causal", causal).With("scale", scale);
        return length is null ? Eager.Apply(OpCode.Attention, attributes, query, key, value) : Eager.Apply(OpCode.Attention, attributes, query, key, value, length);
    }

    /// <summary>
    /// The gradients of <see cref="Attention"/> by query [..., T, D], key [..., S, D] and value [..., S, E] from dy [..., T, E], the gradient by its result,
    /// each flattened, one after the other: [..., T·D + S·D + S·E].
    /// </summary>
    [Op(OpCode.AttentionGradient)]
    public static Tensor AttentionGradient(Tensor query, Tensor key, Tensor value, Tensor dy, bool causal = false, double scale = 0) =>
        Eager.Apply(OpCode.AttentionGradient, Attributes.Empty.With("causal", causal).With("scale", scale), query, key, value, dy);
}
