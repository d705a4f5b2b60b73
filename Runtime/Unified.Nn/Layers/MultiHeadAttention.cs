using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Attention by several heads (Vaswani et al., 2017): each position of a query [B, T, width] gives a mean of the values of a memory [B, S, memoryWidth],
/// weighted by softmax(query·keyᵀ/√(width/heads)). With fewer groups than heads, the heads of a group share keys and values (Ainslie et al., 2023).
/// <see cref="Forward"/> attends to its own input, <see cref="Attend"/> to any memory, and <see cref="Step"/> to itself and all earlier steps.
/// </summary>
public sealed partial class MultiHeadAttention : Layer
{
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _output;
    private readonly Dropout _dropout;
    private readonly RotaryEmbedding? _rotary;
    private readonly Ir.DType _cacheType;
    private readonly Ir.DType _type;
    [NotState]
    private Tensor _keys;
    [NotState]
    private Tensor _values;
    [NotState]
    private Tensor? _filled;

    /// <param name="width">Of queries and results; <paramref name="heads"/> divides it.</param>
    /// <param name="heads">How many heads.</param>
    /// <param name="groups">How many pairs of keys and values, which divides the heads; null: one for each head.</param>
    /// <param name="memoryWidth">Of the memory, null: as the queries.</param>
    /// <param name="causal">Whether a position sees only itself and what stands before it.</param>
    /// <param name="rotary">Whether queries and keys are rotated by their positions; see <see cref="RotaryEmbedding"/>.</param>
    /// <param name="bias">Whether the four projections have one.</param>
    /// <param name="dropout">The probability that a weight is left out in training.</param>
    /// <param name="generator">Where the projections start from.</param>
    /// <param name="context">
    /// How many positions <see cref="Step"/> remembers at most. Then its caches have their size from the start, and a step writes only what is new; null: they grow, and each
    /// step copies them.
    /// </param>
    /// <param name="cacheType">Of the caches that have a context: f32, or bf16 or f16 for half of their bytes, in which attention reads them, summing in f32.</param>
    public MultiHeadAttention(
        int width, int heads, int? groups = null, int? memoryWidth = null, bool causal = false, bool rotary = false, bool bias = true, float dropout = 0,
        Generator? generator = null, int? context = null, Ir.DType cacheType = Ir.DType.F32)
    {
        if (context is { } most)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most, nameof(context));
        }

        if (cacheType is not (Ir.DType.F32 or Ir.DType.F16 or Ir.DType.BF16) || (context is null && cacheType != Ir.DType.F32))
        {
            throw new ArgumentException($"caches are f32, f16 or bf16, and f32 where they have no context; not {cacheType}", nameof(cacheType));
        }

        if (heads <= 0 || width <= 0 || width % heads != 0)
        {
            throw new ArgumentException($"a width of {width} cannot be split over {heads} heads", nameof(heads));
        }

        if (groups is { } given && (given <= 0 || heads % given != 0))
        {
            throw new ArgumentException($"{heads} heads cannot share {given} groups of keys and values", nameof(groups));
        }

        Heads = heads;
        Groups = groups ?? heads;
        HeadWidth = width / heads;
        IsCausal = causal;
        _query = new Linear(width, width, bias, generator: generator);
        _key = new Linear(memoryWidth ?? width, Groups * HeadWidth, bias, generator: generator);
        _value = new Linear(memoryWidth ?? width, Groups * HeadWidth, bias, generator: generator);
        _output = new Linear(width, width, bias, generator: generator);
        _type = _query.Weight.DType;
        _dropout = new Dropout(dropout, generator);
        _rotary = rotary ? new RotaryEmbedding(HeadWidth) : null;
        (Context, _cacheType) = (context, cacheType);
        (_keys, _values, _filled) = (Empty(1), Empty(1), context is null ? null : Tensor.Zeros([], Ir.DType.I64));
    }

    public int Heads { get; }

    public int Groups { get; }

    public int HeadWidth { get; }

    public bool IsCausal { get; }

    /// <summary>How many positions <see cref="Step"/> remembers at most; null: as many as it is given.</summary>
    public int? Context { get; }

    /// <summary>Positions that <see cref="Step"/> remembers.</summary>
    public int CachedLength => _filled is null ? _keys.Shape[2] : (int)_filled.Item<long>();

    /// <summary>Attention of x to itself.</summary>
    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => Attend(x, x);

    /// <param name="query">[B, T, width].</param>
    /// <param name="memory">[B, S, memoryWidth].</param>
    /// <param name="mask">bool [T, S] or [B, T, S], true where a query may look; a query that may look nowhere sees the mean of all values. Null: everywhere.</param>
    /// <returns>[B, T, width].</returns>
    [StaticGraph]
    public Tensor Attend(Tensor query, Tensor memory, Tensor? mask = null)
    {
        var (q, k, v) = (Split(_query.Forward(query), Heads), Split(_key.Forward(memory), Groups), Split(_value.Forward(memory), Groups));
        if (_rotary is not null)
        {
            q = _rotary.Forward(q);
            k = _rotary.Forward(k);
        }

        return Look(q, k, v, mask);
    }

    /// <summary>
    /// Causal attention of x to itself and to all that earlier steps were given, whose keys and values are kept. One graph serves every number of steps.
    /// <see cref="Forget"/> starts anew.
    /// </summary>
    /// <param name="x">[B, n, width], the next n positions.</param>
    /// <exception cref="IndexOutOfRangeException">The steps are longer than <see cref="Context"/>.</exception>
    [StaticGraph]
    public Tensor Step(Tensor x)
    {
        if (_filled is not null)
        {
            return StepWithin(x, _filled);
        }

        var (q, k) = (Split(_query.Forward(x), Heads), Split(_key.Forward(x), Groups));
        if (_rotary is not null)
        {
            var before = _keys.Shape[2];
            q = _rotary.At(q, before);
            k = _rotary.At(k, before);
        }

        _keys = Concat([_keys, k], 2);
        _values = Concat([_values, Split(_value.Forward(x), Groups)], 2);
        return Joined(Attention(Shared(q), ExpandDims(_keys, 2), ExpandDims(_values, 2), causal: true));
    }

    [StaticGraph]
    private Tensor StepWithin(Tensor x, Tensor before)
    {
        var (q, k) = (Split(_query.Forward(x), Heads), Split(_key.Forward(x), Groups));
        if (_rotary is not null)
        {
            q = _rotary.At(q, before);
            k = _rotary.At(k, before);
        }

        _keys.Assign(UpdateSlice(_keys, Cast(k, _cacheType), before, 2));
        _values.Assign(UpdateSlice(_values, Cast(Split(_value.Forward(x), Groups), _cacheType), before, 2));
        before.Assign(before + x.Shape[1]);
        var attended = Attention(Cast(Shared(q), _cacheType), ExpandDims(_keys, 2), ExpandDims(_values, 2), causal: true, length: before);
        return Joined(Cast(attended, _type));
    }

    /// <summary>Forgets the earlier steps.</summary>
    /// <param name="batch">The number of sequences that follow.</param>
    public void Forget(int batch = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        (_keys, _values) = (Empty(batch), Empty(batch));
        _filled = _filled is null ? null : Tensor.Zeros([], Ir.DType.I64);
    }

    private Tensor Empty(int batch) => Tensor.Zeros([batch, Groups, Context ?? 0, HeadWidth], _cacheType);

    /// <summary>[B, T, count·D] to [B, count, T, D].</summary>
    [StaticGraph]
    private Tensor Split(Tensor x, int count) => Transpose(Reshape(x, x.Shape[0], x.Shape[1], count, HeadWidth), 0, 2, 1, 3);

    /// <summary>[B, heads, T, D] to [B, groups, heads/groups, T, D].</summary>
    [StaticGraph]
    private Tensor Shared(Tensor q) => Reshape(q, q.Shape[0], Groups, Heads / Groups, q.Shape[2], HeadWidth);

    /// <summary>[B, groups, heads/groups, T, D] to [B, T, width], projected.</summary>
    [StaticGraph]
    private Tensor Joined(Tensor y) => _output.Forward(Reshape(Transpose(y, 0, 3, 1, 2, 4), y.Shape[0], y.Shape[3], Heads * HeadWidth));

    [StaticGraph]
    private Tensor Look(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        var (query, keys, values) = (Shared(q), ExpandDims(k, 2), ExpandDims(v, 2));
        if (mask is null && !(Training && _dropout.Probability > 0))
        {
            return Joined(Attention(query, keys, values, causal: IsCausal));
        }

        var scores = MatMul(query, keys, transposeB: true) * (1 / MathF.Sqrt(HeadWidth));
        if (mask is not null)
        {
            scores = Select(mask.Rank == 3 ? Reshape(mask, mask.Shape[0], 1, 1, mask.Shape[1], mask.Shape[2]) : mask, scores, Hidden);
        }

        if (IsCausal)
        {
            var (queries, positions) = (q.Shape[2], k.Shape[2]);
            scores = Select(Iota([1, positions], 1) <= Iota([queries, 1], 0) + (positions - queries), scores, Hidden);
        }

        return Joined(MatMul(_dropout.Forward(Softmax(scores)), values));
    }

    // Finite, so that a row without any visible position has weights and no NaN.
    private const double Hidden = -1e30;
}
