using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Schedule;

/// <summary>Turns the few primitives that no kernel expresses as they are into others: odd sets of reduced axes, long sums, arg max, integer products.</summary>
internal static class PreparePrimitives
{
    // A longer sum over everything is split, so that several threads share it; the split is fixed, and so is the result.
    private const long Longest = 16384;
    private const long Piece = 4096;

    private static readonly ImmutableDictionary<OpCode, Func<GraphBuilder, Node, ImmutableArray<OpValue>, OpValue?>> Rows =
        new Dictionary<OpCode, Func<GraphBuilder, Node, ImmutableArray<OpValue>, OpValue?>>
        {
            [OpCode.Sum] = SplitReduction,
            [OpCode.ReduceMax] = SplitReduction,
            [OpCode.ReduceMin] = SplitReduction,
            [OpCode.ArgMax] = ExpandArgMax,
            [OpCode.MatMul] = ExpandMatMul,
            [OpCode.StopGradient] = (_, _, x) => x[0],
        }.ToImmutableDictionary();

    public static Graph Run(Graph graph) => GraphRewriter.Rewrite(graph, (builder, node, operands) =>
        Rows.TryGetValue(node.Op.Code, out var rule) && rule(builder, node, operands) is { } value ? [value] : null);

    private static OpValue? SplitReduction(GraphBuilder b, Node node, ImmutableArray<OpValue> operands)
    {
        var x = operands[0];
        var axes = OpAxes.Of(node.Attributes, x.Shape.Rank);
        var result = OpAxes.Fold(x.Shape, axes, node.Attributes.Bool("keepDims"));
        var real = axes.Where(a => !x.Shape[a].Is(1)).ToImmutableArray();
        if (real.IsEmpty)
        {
            return b.Reshape(x, result);
        }

        var runs = Runs(x.Shape, real);
        if (runs.Count > 1)
        {
            return b.Reshape(Enumerable.Reverse(runs).Aggregate(x, (y, run) => b.Reduce(node.Op.Code, y, run, keepDims: true)), result);
        }

        var isAll = x.Shape.Select((d, i) => d.Is(1) || axes.Contains(i)).All(t => t);
        return isAll && SplitLong(b, node.Op.Code, x, real) is { } split ? b.Reshape(split, result) : null;
    }

    /// <summary>The axes in runs of neighbours; axes of size 1 do not separate.</summary>
    private static List<List<int>> Runs(Shape shape, ImmutableArray<int> axes)
    {
        var runs = new List<List<int>>();
        foreach (var axis in axes)
        {
            if (runs.Count > 0 && Enumerable.Range(runs[^1][^1] + 1, axis - runs[^1][^1] - 1).All(i => shape[i].Is(1)))
            {
                runs[^1].Add(axis);
            }
            else
            {
                runs.Add([axis]);
            }
        }

        return runs;
    }

    private static OpValue? SplitLong(GraphBuilder b, OpCode op, OpValue x, ImmutableArray<int> axes)
    {
        var size = x.Shape.Size;
        var constant = size.Terms.Length == 1 ? size.Terms[0].Coefficient : 1;
        if (constant < (size.IsConstant ? Longest : 512))
        {
            return null;
        }

        // Whole axes from the inside where they make pieces of a good length, else a divisor of the size.
        var (count, product) = (0, Dim.One);
        while (count < axes.Length - 1 && (!product.IsConstant || product.Value < 512) && (product * x.Shape[axes[^(count + 1)]]).IsConstant)
        {
            product *= x.Shape[axes[^(++count)]];
        }

        if (product.IsConstant && product.Value is >= 512 and <= 4 * Longest)
        {
            return b.Reduce(op, b.Reduce(op, x, axes[^count..], keepDims: true), axes[..^count], keepDims: true);
        }

        var piece = Divisor(constant);
        if (piece < 256 || size.TryDivide(piece) is not { } rows)
        {
            return null;
        }

        var flat = b.Reshape(x, Shape.From(rows, piece));
        return b.Reduce(op, b.Reduce(op, flat, [1], keepDims: true), [0, 1], keepDims: true);
    }

    private static long Divisor(long size)
    {
        for (var piece = Math.Min(Piece, size); piece > 1; piece--)
        {
            if (size % piece == 0)
            {
                return piece;
            }
        }

        return 1;
    }

    // The first place of the maximum; a NaN counts as the maximum.
    private static OpValue ExpandArgMax(GraphBuilder b, Node node, ImmutableArray<OpValue> operands)
    {
        var x = operands[0];
        var axis = OpAxes.One(node.Attributes, x.Shape.Rank);
        var result = OpAxes.Fold(x.Shape, [axis], node.Attributes.Bool("keepDims"));
        if (x.Shape[axis].Is(1))
        {
            return b.Full(result, DType.I64, 0);
        }

        var found = b.Apply(OpCode.Equal, x, b.Reduce(OpCode.ReduceMax, x, [axis], keepDims: true));
        if (x.DType.IsFloat())
        {
            found = b.Apply(OpCode.LogicalOr, found, b.Apply(OpCode.NotEqual, x, x));
        }

        var places = b.Select(found, b.Iota(x.Shape, axis, DType.I64), b.Scalar(DType.I64, 1L << 52));
        return b.Reshape(b.Reduce(OpCode.ReduceMin, places, [axis], keepDims: true), result);
    }

    // The product kernels are for floats.
    private static OpValue? ExpandMatMul(GraphBuilder b, Node node, ImmutableArray<OpValue> operands)
    {
        if (operands[0].DType.IsFloat())
        {
            return null;
        }

        var x = node.Attributes.Bool("transposeA") ? b.SwapLast(operands[0]) : operands[0];
        var y = node.Attributes.Bool("transposeB") ? operands[1] : b.SwapLast(operands[1]);
        var left = b.Reshape(x, new Shape(x.Shape.Dims.Insert(x.Shape.Rank - 1, Dim.One)));
        var right = b.Reshape(y, new Shape(y.Shape.Dims.Insert(y.Shape.Rank - 2, Dim.One)));
        var product = left * right;
        return product.Shape[product.Shape.Rank - 1].Is(1)
            ? b.Reshape(product, new Shape(product.Shape.Dims.RemoveAt(product.Shape.Rank - 1)))
            : b.Reduce(OpCode.Sum, product, [product.Shape.Rank - 1], keepDims: false);
    }
}
