using System.Collections.Immutable;

namespace Unified.Fuzz;

/// <summary>One way to write a value: its kind, its text with holes, and the kinds that go into them.</summary>
internal sealed record Row(Kind Result, string Text, ImmutableArray<Kind> Operands, int Weight = 2)
{
    public static Row Of(Kind result, string text, params ImmutableArray<Kind> operands) => new(result, text, operands);
}

/// <summary>The expressions of the language, one row each. Adding one here is all it takes to have it fuzzed.</summary>
internal static class ExpressionRows
{
    public static ImmutableArray<Row> All { get; } =
    [
        Row.Of(Kind.Rows, "($0 + $1)", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 - $1)", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 * Tanh($1))", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 / (Abs($1) + 1f))", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 * $1)", Kind.Rows, Kind.Vector),
        Row.Of(Kind.Rows, "($0 + $1)", Kind.Column, Kind.Vector),
        Row.Of(Kind.Rows, "($0 - $1)", Kind.Rows, Kind.Column),
        Row.Of(Kind.Rows, "($0 + $1)", Kind.Rows, Kind.Scalar),
        Row.Of(Kind.Rows, "($0 * $1)", Kind.Rows, Kind.Int),
        Row.Of(Kind.Rows, "($1 - $0)", Kind.Rows, Kind.Float),
        Row.Of(Kind.Rows, "(-$0)", Kind.Rows),
        Row.Of(Kind.Rows, "Tanh($0)", Kind.Rows),
        Row.Of(Kind.Rows, "Sigmoid($0)", Kind.Rows),
        Row.Of(Kind.Rows, "Relu($0)", Kind.Rows),
        Row.Of(Kind.Rows, "Maximum($0, $1)", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "Clamp($0, -2.0, 2.0)", Kind.Rows),
        Row.Of(Kind.Rows, "Softmax($0)", Kind.Rows),
        Row.Of(Kind.Rows, "LayerNorm($0, $1, $2)", Kind.Rows, Kind.Vector, Kind.Vector),
        Row.Of(Kind.Rows, "MatMul($0, $1)", Kind.Rows, Kind.Square),
        Row.Of(Kind.Rows, "_linear.Forward($0)", Kind.Rows),
        Row.Of(Kind.Rows, "_cell.Forward($0)", Kind.Rows),
        Row.Of(Kind.Rows, "_dropout.Forward($0)", Kind.Rows),
        Row.Of(Kind.Rows, "Scale($0, $1)", Kind.Rows, Kind.Int),
        Row.Of(Kind.Rows, "Ordered($0, $1, $2, $3)", Kind.Int, Kind.Int, Kind.Rows, Kind.Int),
        Row.Of(Kind.Rows, "Optional($0, times: $1)", Kind.Rows, Kind.Int),
        Row.Of(Kind.Rows, "Optional($0)", Kind.Rows),
        Row.Of(Kind.Rows, "Select($0, $1, $2)", Kind.Mask, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 ? $1 : $2)", Kind.Bool, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "(Sum($0) > 0.173f ? $1 : $2)", Kind.Rows, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 switch { 0 => $1, > 2 and < 6 => $2, _ => $3 })", Kind.Int, Kind.Rows, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "(($0, $1) switch { (true, > 1) => $2, (false, _) => $3, _ => x })", Kind.Bool, Kind.Int, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 is { Times: > 1 } ? $1 : $2)", Kind.Pair, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0 is null ? $1 : $2)", Kind.MaybePair, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "($0?.Left ?? $1)", Kind.MaybePair, Kind.Rows) with { Weight = 1 },
        Row.Of(Kind.Rows, "(_kept ?? $0)", Kind.Rows) with { Weight = 1 },
        Row.Of(Kind.Rows, "Transpose(Transpose($0, 1, 0), 1, 0)", Kind.Rows),
        Row.Of(Kind.Rows, "Transpose(MatMul($0, Transpose($1, 1, 0)), 1, 0)", Kind.Square, Kind.Rows),
        Row.Of(Kind.Rows, "Reshape(Reshape($0, x.Shape[0] * 3), x.Shape[0], 3)", Kind.Rows),
        Row.Of(Kind.Rows, "BroadcastTo($0, x.Shape[0], 3)", Kind.Column),
        Row.Of(Kind.Rows, "BroadcastTo($0, x.Shape[0], 3)", Kind.Vector),
        Row.Of(Kind.Rows, "Concat([$0[.., 1..], $1[.., ..1]], 1)", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Rows, "Cast($0, DType.F32)", Kind.Mask),
        Row.Of(Kind.Rows, "$0.A", Kind.Tuple),
        Row.Of(Kind.Rows, "$0.Left", Kind.Pair),
        Row.Of(Kind.Rows, "$0[0]", Kind.List),
        Row.Of(Kind.Rows, "$0[^1]", Kind.List),
        Row.Of(Kind.Rows, "$0[1]", Kind.Array),
        Row.Of(Kind.Rows, "$0($1)", Kind.Function, Kind.Rows),
        Row.Of(Kind.Rows, "$0.Aggregate((p, q) => p + q * 0.5f)", Kind.List),
        Row.Of(Kind.Rows, "$0.Select(t => t * 2f).ToArray()[^1]", Kind.Array),

        Row.Of(Kind.Column, "Sum($0, 1, keepDims: true)", Kind.Rows),
        Row.Of(Kind.Column, "Max($0, 1, keepDims: true)", Kind.Rows),
        Row.Of(Kind.Column, "$0[.., 1..2]", Kind.Rows),
        Row.Of(Kind.Column, "Reshape($0[.., 0], -1, 1)", Kind.Rows),
        Row.Of(Kind.Column, "($0 * $1)", Kind.Column, Kind.Scalar),

        Row.Of(Kind.Square, "w") with { Weight = 6 },
        Row.Of(Kind.Square, "Transpose($0, 1, 0)", Kind.Square),
        Row.Of(Kind.Square, "($0 + $1)", Kind.Square, Kind.Vector),
        Row.Of(Kind.Square, "MatMul($0, $1, transposeA: true)", Kind.Rows, Kind.Rows),
        Row.Of(Kind.Square, "Tanh($0)", Kind.Square),
        Row.Of(Kind.Square, "Concat([$0[1..], $0[..1]])", Kind.Square),

        Row.Of(Kind.Vector, "$0[0]", Kind.Rows),
        Row.Of(Kind.Vector, "$0[^1]", Kind.Rows),
        Row.Of(Kind.Vector, "$0[.., 2]", Kind.Square),
        Row.Of(Kind.Vector, "Mean($0, 0)", Kind.Rows),
        Row.Of(Kind.Vector, "Sin($0)", Kind.Vector),
        Row.Of(Kind.Vector, "($0 + $1)", Kind.Vector, Kind.Vector),
        Row.Of(Kind.Vector, "($0 * $1)", Kind.Vector, Kind.Float),
        Row.Of(Kind.Vector, "($0 ? $1 : $2)", Kind.Bool, Kind.Vector, Kind.Vector),
        Row.Of(Kind.Vector, "Cast($0, DType.F32)", Kind.Doubles),
        Row.Of(Kind.Vector, "Cast($0, DType.F32)", Kind.Ints),
        Row.Of(Kind.Vector, "_total"),
        Row.Of(Kind.Vector, "_last"),
        Row.Of(Kind.Vector, "Weight"),
        Row.Of(Kind.Vector, "Doubled"),
        Row.Of(Kind.Vector, "$0.B", Kind.Tuple),
        Row.Of(Kind.Vector, "$0.Right", Kind.Pair),
        Row.Of(Kind.Vector, "ValueAndGrad(() => Sum(Tanh($0 * Weight)), [Weight]).Gradients[0]", Kind.Rows),
        Row.Of(Kind.Vector, "Gather($0, Clamp($1, 0.0, 2.0))", Kind.Vector, Kind.Ints),

        Row.Of(Kind.Scalar, "Sum($0)", Kind.Rows),
        Row.Of(Kind.Scalar, "Max($0)", Kind.Vector),
        Row.Of(Kind.Scalar, "Mean($0)", Kind.Square),
        Row.Of(Kind.Scalar, "$0[1]", Kind.Vector),
        Row.Of(Kind.Scalar, "Tanh($0)", Kind.Scalar),
        Row.Of(Kind.Scalar, "(Sum(v) * $0)", Kind.Float),

        Row.Of(Kind.Doubles, "Cast($0, DType.F64)", Kind.Vector),
        Row.Of(Kind.Doubles, "($0 * Cos($1))", Kind.Doubles, Kind.Doubles),
        Row.Of(Kind.Doubles, "($0 + $1)", Kind.Doubles, Kind.Int),

        Row.Of(Kind.Ints, "k") with { Weight = 6 },
        Row.Of(Kind.Ints, "($0 * $1)", Kind.Ints, Kind.Int),
        Row.Of(Kind.Ints, "($0 + $1)", Kind.Ints, Kind.Ints),
        Row.Of(Kind.Ints, "Abs($0)", Kind.Ints),
        Row.Of(Kind.Ints, "Maximum($0, $1)", Kind.Ints, Kind.Ints),

        Row.Of(Kind.Mask, "($0 > 0.0791f)", Kind.Rows),
        Row.Of(Kind.Mask, "($0 <= $1 + 0.0137f)", Kind.Rows, Kind.Vector),
        Row.Of(Kind.Mask, "($0 & !$1)", Kind.Mask, Kind.Mask),
        Row.Of(Kind.Mask, "($0 | $1)", Kind.Mask, Kind.Mask),

        Row.Of(Kind.Int, "n") with { Weight = 6 },
        Row.Of(Kind.Int, "2") with { Weight = 4 },
        Row.Of(Kind.Int, "($0 + $1)", Kind.Int, Kind.Int),
        Row.Of(Kind.Int, "($0 - $1)", Kind.Int, Kind.Int),
        Row.Of(Kind.Int, "($0 % 4)", Kind.Int),
        Row.Of(Kind.Int, "Math.Min($0, 5)", Kind.Int),
        Row.Of(Kind.Int, "($0 ? $1 : $2)", Kind.Bool, Kind.Int, Kind.Int),
        Row.Of(Kind.Int, "$0.Count", Kind.List),
        Row.Of(Kind.Int, "$0.Length", Kind.Array),
        Row.Of(Kind.Int, "$0.Times", Kind.Pair),
        Row.Of(Kind.Int, "($0?.Times ?? 7)", Kind.MaybePair) with { Weight = 1 },
        Row.Of(Kind.Int, "x.Shape[1]"),
        Row.Of(Kind.Int, "x.Shape[0]") with { Weight = 1 },
        Row.Of(Kind.Int, "_steps[1]") with { Weight = 1 },
        Row.Of(Kind.Int, "(_name.Length + $0)", Kind.Int),
        Row.Of(Kind.Int, "($0 switch { < 1 => 3, 2 or 3 => $1, _ => 1 })", Kind.Int, Kind.Int),

        Row.Of(Kind.Bool, "flag") with { Weight = 6 },
        Row.Of(Kind.Bool, "($0 > $1)", Kind.Int, Kind.Int),
        Row.Of(Kind.Bool, "($0 == 2)", Kind.Int),
        Row.Of(Kind.Bool, "(!$0)", Kind.Bool),
        Row.Of(Kind.Bool, "($0 && $1)", Kind.Bool, Kind.Bool),
        Row.Of(Kind.Bool, "($0 || $1)", Kind.Bool, Kind.Bool),
        Row.Of(Kind.Bool, "($0 is > 0 and < 4)", Kind.Int),
        Row.Of(Kind.Bool, "($0 is null)", Kind.MaybePair),
        Row.Of(Kind.Bool, "Training") with { Weight = 1 },
        Row.Of(Kind.Bool, "($\"{$0}\" == \"2\")", Kind.Int) with { Weight = 1 },

        Row.Of(Kind.Float, "0.75f") with { Weight = 4 },
        Row.Of(Kind.Float, "($0 * 0.5f)", Kind.Int),
        Row.Of(Kind.Float, "($0 ? 1.5f : $1)", Kind.Bool, Kind.Float),
        Row.Of(Kind.Float, "MathF.Abs($0)", Kind.Float),
        Row.Of(Kind.Float, "Sum($0).Item<float>()", Kind.Vector) with { Weight = 1 },

        Row.Of(Kind.List, "new List<Tensor> { $0, $1 }", Kind.Rows, Kind.Rows),
        Row.Of(Kind.List, "$0.ToList()", Kind.Array),
        Row.Of(Kind.Array, "new Tensor[] { $0, $1, $2 }", Kind.Rows, Kind.Rows, Kind.Rows),
        Row.Of(Kind.Tuple, "(A: $0, B: $1)", Kind.Rows, Kind.Vector),
        Row.Of(Kind.Pair, "new Pair($0, $1, $2)", Kind.Rows, Kind.Vector, Kind.Int),
        Row.Of(Kind.Pair, "new Pair(Times: $0, Right: $1, Left: $2)", Kind.Int, Kind.Vector, Kind.Rows),
        Row.Of(Kind.Pair, "($0 with { Times = $1 })", Kind.Pair, Kind.Int),
        Row.Of(Kind.Pair, "($0 with { Left = $1 })", Kind.Pair, Kind.Rows),
        Row.Of(Kind.MaybePair, "($0 ? $1 : null)", Kind.Bool, Kind.Pair),
        Row.Of(Kind.MaybePair, "((Pair?)$0)", Kind.Pair),
        Row.Of(Kind.Function, "((Func<Tensor, Tensor>)(t => t * $0))", Kind.Int),
    ];

    public static ImmutableDictionary<Kind, ImmutableArray<Row>> ByKind { get; } =
        All.GroupBy(r => r.Result).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray());

    /// <summary>The shortest value of a kind: what an expression ends in when the tree is deep enough, and what shrinking puts in its place.</summary>
    public static ImmutableDictionary<Kind, string> Shortest { get; } = new Dictionary<Kind, string>
    {
        [Kind.Rows] = "x", [Kind.Column] = "x[.., 1..2]", [Kind.Square] = "w", [Kind.Vector] = "v", [Kind.Scalar] = "Sum(v)",
        [Kind.Doubles] = "Cast(v, DType.F64)", [Kind.Ints] = "k", [Kind.Mask] = "(x > 0.0791f)", [Kind.Int] = "n", [Kind.Bool] = "flag", [Kind.Float] = "0.75f",
        [Kind.List] = "new List<Tensor> { x, y }", [Kind.Array] = "new Tensor[] { x, y, x }", [Kind.Tuple] = "(A: x, B: v)",
        [Kind.Pair] = "new Pair(x, v, 2)", [Kind.MaybePair] = "(flag ? new Pair(x, v, 2) : null)", [Kind.Function] = "((Func<Tensor, Tensor>)(t => t * 2f))",
    }.ToImmutableDictionary();

    /// <summary>How a local of the kind is declared.</summary>
    public static ImmutableDictionary<Kind, string> Declared { get; } = new Dictionary<Kind, string>
    {
        [Kind.Int] = "int", [Kind.Bool] = "bool", [Kind.Float] = "float", [Kind.List] = "List<Tensor>", [Kind.Array] = "Tensor[]", [Kind.Tuple] = "(Tensor A, Tensor B)",
        [Kind.Pair] = "Pair", [Kind.MaybePair] = "Pair?", [Kind.Function] = "Func<Tensor, Tensor>",
    }.ToImmutableDictionary();
}
