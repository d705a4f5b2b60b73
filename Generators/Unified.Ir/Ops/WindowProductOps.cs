using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// What convolutions and their gradients are made of: products summed over windows of [B…, N, S…, C], channels last and padded already. Any leading
/// axes B are batches of their own. The gradients of each are again of the two.
/// </summary>
internal static class WindowProductOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        new(OpCode.WindowProduct, OpTraits.Contraction, [new("x"), new("weight")], InferProduct)
        {
            Attributes = [Sizes("strides"), Sizes("dilations")],
            Definition = Wide(Product),
            Gradient = ProductGradient,
            Tolerance = Tolerance.Approximate,
            Examples =
            [
                new(A.With("strides", [1]).With("dilations", [1]), "f32[B,5,2]", "f32[3,2,4]"),
                new(A.With("strides", [2, 1]).With("dilations", [1, 2]), "f32[B,6,5,2]", "f32[3,2,2,3]"),
                new(A.With("strides", [2]).With("dilations", [1]), "f32[2,B,6,2]", "f32[2,3,2,2]"),
            ],
        },
        new(OpCode.WindowGradient, OpTraits.Contraction, [new("x"), new("dy")], InferGradient)
        {
            Attributes = [Sizes("kernel"), Sizes("strides"), Sizes("dilations")],
            Definition = Wide(Gradient),
            Gradient = GradientGradient,
            Tolerance = Tolerance.Approximate,
            Examples =
            [
                new(A.With("kernel", [3]).With("strides", [1]).With("dilations", [1]), "f32[B,5,2]", "f32[B,3,4]"),
                new(A.With("kernel", [3, 2]).With("strides", [2, 1]).With("dilations", [1, 2]), "f32[B,6,5,2]", "f32[B,2,3,3]"),
            ],
        },
    ];

    private static Attributes A => Attributes.Empty;

    // The sums of halves are rounded once.
    private static DefinitionRule Wide(Func<OpBuilder, OpValue, OpValue, Attributes, OpValue> formula) => (b, x, a) => x[0].DType is DType.F16 or DType.BF16
        ? [b.Cast(formula(b, b.Cast(x[0], DType.F32), b.Cast(x[1], DType.F32), a), x[0].DType)]
        : [formula(b, x[0], x[1], a)];

    private static AttributeSpec Sizes(string name) => new(name, AttributeKind.Dims);

    private static ImmutableArray<TensorType> InferProduct(OpInputs i)
    {
        RequireAlike(i);
        var windows = ChannelWindows.Of(i[0].Shape, i.Attributes, KernelOf(i[1].Shape, i.Attributes), i.Error);
        RequireBatch(i, windows);
        InferRules.RequireEqual(i, i[0].Shape[i[0].Rank - 1], i[1].Shape[i[1].Rank - 2], "channels of x and of the weight");
        return [i[0] with { Shape = windows.Result(i[1].Shape[i[1].Rank - 1]) }];
    }

    private static ImmutableArray<TensorType> InferGradient(OpInputs i)
    {
        RequireAlike(i);
        var windows = ChannelWindows.Of(i[0].Shape, i.Attributes, i.Attributes.Dims("kernel"), i.Error);
        RequireBatch(i, windows);
        var seen = windows.Result(i[1].Shape[i[1].Rank - 1]);
        for (var axis = windows.Batch; axis < seen.Rank; axis++)
        {
            InferRules.RequireEqual(i, seen[axis], i[1].Shape[axis], $"places of the window along axis {axis}");
        }

        return [i[0] with { Shape = new Shape([.. windows.Leading, .. windows.Kernel.Select(k => (Dim)k), i[0].Shape[i[0].Rank - 1], seen[seen.Rank - 1]]) }];
    }

    private static void RequireAlike(OpInputs i)
    {
        InferRules.Require(i, 0, DTypeSet.Float);
        InferRules.SameDType(i, 0, 1);
        if (i[1].Rank != i[0].Rank)
        {
            throw i.Error($"the second operand must have rank {i[0].Rank}, as x has, not {i[1].Rank}");
        }
    }

    // The window's sizes in [B…, kernel…, C, O].
    private static ImmutableArray<Dim> KernelOf(Shape weight, Attributes a) =>
        [.. weight.Skip(weight.Rank - 2 - a.Dims("strides").Length).Take(a.Dims("strides").Length)];

    private static void RequireBatch(OpInputs i, ChannelWindows windows)
    {
        for (var axis = 0; axis < windows.Batch; axis++)
        {
            InferRules.RequireEqual(i, i[0].Shape[axis], i[1].Shape[axis], $"batch axis {axis}");
        }
    }

    private static OpValue Product(OpBuilder b, OpValue x, OpValue weight, Attributes a)
    {
        var windows = ChannelWindows.Of(x.Shape, a, KernelOf(weight.Shape, a), why => new ShapeException(why));
        var sum = windows.Places().Select(at => b.MatMul(windows.Rows(b, windows.Slice(b, x, at)), windows.Corner(b, weight, at))).Aggregate((y, z) => y + z);
        return b.Reshape(sum, windows.Result(weight.Shape[weight.Shape.Rank - 1]));
    }

    private static OpValue Gradient(OpBuilder b, OpValue x, OpValue dy, Attributes a)
    {
        var windows = ChannelWindows.Of(x.Shape, a, a.Dims("kernel"), why => new ShapeException(why));
        var (rows, batch) = (windows.Rows(b, dy), windows.Leading);
        Dim channels = x.Shape[x.Shape.Rank - 1], outputs = dy.Shape[dy.Shape.Rank - 1];
        OpValue[] parts = [.. windows.Places().Select(at => b.Reshape(
            b.MatMul(windows.Rows(b, windows.Slice(b, x, at)), rows, transposeA: true), new Shape([.. batch, 1, channels, outputs])))];
        var stack = parts.Length == 1 ? parts[0] : b.Apply(OpCode.Concat, A.With("axis", (long)windows.Batch), parts);
        return b.Reshape(stack, new Shape([.. batch, .. windows.Kernel.Select(k => (Dim)k), channels, outputs]));
    }

    private static ImmutableArray<OpValue?> ProductGradient(OpBuilder b, GradientInputs c) =>
    [
        c.Wants(0) ? Spread(b, c[0].Shape, c.Dy, c[1], c.Attributes) : null,
        c.Wants(1) ? b.Apply(OpCode.WindowGradient, c.Attributes.With("kernel", KernelOf(c[1].Shape, c.Attributes)), c[0], c.Dy) : null,
    ];

    private static ImmutableArray<OpValue?> GradientGradient(OpBuilder b, GradientInputs c) =>
    [
        c.Wants(0) ? Spread(b, c[0].Shape, c[1], c.Dy, c.Attributes) : null,
        c.Wants(1)
            ? b.Apply(OpCode.WindowProduct, A.With("strides", c.Attributes.Dims("strides")).With("dilations", c.Attributes.Dims("dilations")), c[0], c.Dy)
            : null,
    ];

    /// <summary>
    /// The adjoint in x: what each place of the window saw gets back its share of <paramref name="dy"/>. It is a window product itself, with stride 1, of
    /// <paramref name="dy"/> with zeros between and around its elements, and of the weight turned around.
    /// </summary>
    internal static OpValue Spread(OpBuilder b, Shape x, OpValue dy, OpValue weight, Attributes a)
    {
        var (strides, dilations) = (a.Dims("strides"), a.Dims("dilations"));
        var (spatial, batch) = (strides.Length, x.Rank - 2 - strides.Length);
        Dim[] low = [.. x.Select(_ => Dim.Zero)], high = [.. low];
        for (var i = 0; i < spatial; i++)
        {
            var axis = batch + 1 + i;
            dy = strides[i].Is(1) ? dy : ViewOps.Spread(b, dy, axis, strides[i]);
            low[axis] = dilations[i] * (weight.Shape[batch + i] - 1);
            high[axis] = x[axis] - dy.Shape[axis];
            weight = weight.Shape[batch + i].Is(1) ? weight : b.Apply(OpCode.Flip, A.With("axis", (long)(batch + i)), weight);
        }

        var padded = low.Concat(high).All(d => d.Is(0)) ? dy : b.Apply(OpCode.Pad, A.With("low", [.. low]).With("high", [.. high]), dy);
        return b.Apply(OpCode.WindowProduct, A.With("strides", strides.Select(_ => Dim.One)).With("dilations", dilations), padded, b.SwapLast(weight));
    }
}
