using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Tests.X64;

namespace Unified.Lowering.Tests.Loops;

/// <summary>A kernel's buffer argument: numbers in double precision, one place per byte of the real memory, so that offsets mean the same.</summary>
internal readonly record struct Memory(double[] Bytes, long Offset, int Size)
{
    public double this[long element]
    {
        get => Bytes[Offset + (element * Size)];
        set => Bytes[Offset + (element * Size)] = value;
    }
}

/// <summary>Runs units of a kernel point by point, as the records document them, without rounding floats.</summary>
internal sealed partial class LoopInterpreter(LoopKernel kernel, ImmutableArray<Memory> buffers, ImmutableArray<long> parameters)
{
    private readonly Dictionary<(int Stage, int Reduction), double> _reduced = [];
    private readonly Dictionary<int, double> _values = [];
    private long[]? _at;
    private double _accumulator;

    public bool IsOutOfRange { get; private set; }

    public static bool Run(LoopKernel kernel, ImmutableArray<Memory> buffers, ImmutableArray<long> parameters, long begin, long end)
    {
        var interpreter = new LoopInterpreter(kernel, buffers, parameters);
        for (var unit = begin; unit < end; unit++)
        {
            interpreter.Unit(unit);
        }

        return interpreter.IsOutOfRange;
    }

    private void Unit(long unit)
    {
        switch (kernel)
        {
            case RowKernel { Axes: 1 } rows when rows.Stages.All(s => s.Reductions.IsEmpty):
                Stages(rows, [], unit, unit + 1);
                break;
            case RowKernel rows:
                Stages(rows, Unravel(unit, parameters.AsSpan()[..(rows.Axes - 1)]), 0, parameters[rows.Axes - 1]);
                break;
            case ColumnKernel columns:
                Columns(columns, unit);
                break;
            case ScatterKernel scatter:
                Scatter(scatter, unit);
                break;
            case PackKernel pack:
                Pack(pack, unit);
                break;
            case ContractionKernel product:
                Product(product, unit);
                break;
            case WinogradPackKernel pack:
                PackTransformed(pack, unit);
                break;
            case WinogradKernel winograd:
                Tiles(winograd, unit);
                break;
            case AttentionKernel attention:
                Attend(attention, unit);
                break;
            case DecodeAttentionKernel decoding:
                Decode(decoding, unit);
                break;
            case AttentionGradientKernel gradient:
                AttendBack(gradient, unit);
                break;
            default:
                throw new NotSupportedException(kernel.GetType().Name);
        }
    }

    private static long[] Unravel(long unit, ReadOnlySpan<long> extents)
    {
        var indices = new long[extents.Length];
        for (var axis = extents.Length - 1; axis >= 0; axis--)
        {
            (unit, indices[axis]) = Math.DivRem(unit, extents[axis]);
        }

        Assert.Equal(0, unit);
        return indices;
    }

    private void Stages(RowKernel rows, long[] outer, long begin, long end)
    {
        for (var s = 0; s < rows.Stages.Length; s++)
        {
            var stage = rows.Stages[s];
            var totals = stage.Reductions.Select(r => Start(r.Op)).ToArray();
            for (var i = begin; i < end; i++)
            {
                long[] point = [.. outer, i];
                Fold(rows.Nodes, stage.Reductions, totals, point);
                Write(rows.Nodes, [.. stage.Stores.Where(x => x.Strides[^1].Kind != StrideKind.Zero)], point);
            }

            Keep(s, totals);
            Write(rows.Nodes, [.. stage.Stores.Where(x => x.Strides[^1].Kind == StrideKind.Zero)], [.. outer, 0]);
        }
    }

    // A store may write over what any of them needs.
    private void Write(ImmutableArray<ScalarNode> nodes, IReadOnlyList<Store> stores, long[] point)
    {
        foreach (var store in stores)
        {
            _ = Value(nodes, store.Node, point);
        }

        foreach (var store in stores)
        {
            Write(nodes, store, point);
        }
    }

    private void Columns(ColumnKernel columns, long unit)
    {
        var inner = parameters[columns.Axes - 1];
        var place = Unravel(unit, [.. parameters.AsSpan()[..(columns.Axes - 2)], (inner + columns.Plan.Block - 1) / columns.Plan.Block]);
        for (var c = place[^1] * columns.Plan.Block; c < Math.Min(inner, (place[^1] + 1) * columns.Plan.Block); c++)
        {
            var totals = columns.Reductions.Select(r => Start(r.Op)).ToArray();
            for (long k = 0; k < parameters[columns.Axes - 2]; k++)
            {
                Fold(columns.Nodes, columns.Reductions, totals, [.. place[..^1], k, c]);
            }

            Keep(0, totals);
            foreach (var store in columns.Stores)
            {
                Write(columns.Nodes, store, [.. place[..^1], 0, c]);
            }
        }
    }

    private void Scatter(ScatterKernel scatter, long unit)
    {
        long rows = parameters[0], columns = parameters[1], extent = parameters[2];
        for (var c = unit * scatter.Block; c < Math.Min(columns, (unit + 1) * scatter.Block); c++)
        {
            for (long r = 0; r < rows; r++)
            {
                var v = Checked((long)buffers[0][r * parameters[3]], extent);
                if (extent > 0)
                {
                    Set(buffers[2], (v * parameters[5]) + c, buffers[2][(v * parameters[5]) + c] + buffers[1][(r * parameters[4]) + c]);
                }
            }
        }
    }

    private void Pack(PackKernel pack, long unit)
    {
        var (batch, axes) = (pack.BatchAxes, pack.DepthAxes);
        var depthExtents = parameters[batch..(batch + axes)];
        var (depth, columns) = (Product(depthExtents), parameters[batch + axes]);
        var at = Unravel(unit, [.. parameters.AsSpan()[..batch], (columns + Tile.Columns - 1) / Tile.Columns]);
        var source = Enumerable.Range(0, batch).Sum(i => at[i] * parameters[batch + axes + 1 + i]);
        var depthStrides = parameters[((2 * batch) + axes + 1)..((2 * batch) + (2 * axes) + 1)];
        var columnStride = parameters[(2 * batch) + (2 * axes) + 1];
        Assert.True(pack.Order switch { MatrixOrder.KInner => depthStrides[^1] == 1, MatrixOrder.KOuter => columnStride == 1, _ => true });
        var padded = (depth + pack.Group - 1) / pack.Group * pack.Group;
        for (long k = 0; k < padded; k++)
        {
            for (var c = 0; c < Tile.Columns; c++)
            {
                var column = (at[^1] * Tile.Columns) + c;
                Set(
                    buffers[1], (unit * padded * Tile.Columns) + InPanel(k, c, pack.Group),
                    column < columns && k < depth ? buffers[0][source + Offset(k, depthExtents, depthStrides) + (column * columnStride)] : 0);
            }
        }
    }

    // Where a packed element lies from the start of its panel.
    private static long InPanel(long k, long column, int group) => (((k / group * Tile.Columns) + column) * group) + (k % group);

    // Where the element of a number lies among axes in row-major order.
    private static long Offset(long number, ImmutableArray<long> extents, ImmutableArray<long> strides) => Unravel(number, extents.AsSpan()).Zip(strides, (i, s) => i * s).Sum();

    private static long Product(ImmutableArray<long> extents) => extents.Aggregate(1L, (x, y) => x * y);

    private void Product(ContractionKernel product, long unit)
    {
        var (batch, first) = (product.BatchAxes, product.BatchAxes + product.RowAxes);
        var rowExtents = parameters[batch..first];
        var rows = Product(rowExtents);
        var (columns, depth, perUnit, columnsPerUnit) = (parameters[first], parameters[first + 1], parameters[first + 2], parameters[first + 3]);
        Assert.True(product.Rows switch { RowCount.Few => rows <= Tile.FewRows, RowCount.Many => rows > Tile.FewRows, _ => true });
        Assert.True(!product.HasWholeGroups || depth % product.Group == 0);
        Assert.True(perUnit > 0 && perUnit % Tile.RowStep(product.Scaled) == 0 && columnsPerUnit > 0 && columnsPerUnit % Tile.Columns == 0);
        var at = Unravel(unit, [.. parameters.AsSpan()[..batch], (rows + perUnit - 1) / perUnit, (columns + columnsPerUnit - 1) / columnsPerUnit]);
        var strides = parameters[(first + 4)..];
        var (rowsOfA, depthOfA) = product.Windows is { } w ? (w.Rows, w.Depth) : (0, 0);
        var place = strides[batch..];
        long Row(long m) => rowsOfA == 0 ? m * place[0] : Offset(m, place[..rowsOfA], place[rowsOfA..(2 * rowsOfA)]);
        long Depth(long k) => rowsOfA == 0 ? k * place[1] : Offset(k, place[(2 * rowsOfA)..((2 * rowsOfA) + depthOfA)], place[((2 * rowsOfA) + depthOfA)..(2 * (rowsOfA + depthOfA))]);
        var (strideM, strideK) = rowsOfA == 0 ? (place[0], place[1]) : (place[(2 * rowsOfA) - 1], place[(2 * (rowsOfA + depthOfA)) - 1]);
        Assert.True(product.OrderA switch { MatrixOrder.KInner => strideK == 1, MatrixOrder.KOuter => strideM == 1, _ => true });
        var padded = (depth + product.Group - 1) / product.Group * product.Group;
        var packed = place[(rowsOfA == 0 ? 2 : 2 * (rowsOfA + depthOfA))..];
        var (perByte, length) = product.Scaled is { } scaled ? (scaled.PerByte, packed[batch]) : (1, depth);
        double Right(long k, long n, double packed) => product.Scaled is null ? packed
            : (perByte == 1 ? packed : (((int)packed >> (int)(4 * (k % 2))) & 15) - 8) * buffers[2][(n / Tile.Columns * (depth / length) * Tile.Columns) + InPanel(k / length, n % Tile.Columns, 1)];
        var a = Enumerable.Range(0, batch).Sum(i => at[i] * strides[i]);
        var b = Enumerable.Range(0, batch).Sum(i => at[i] * packed[i]);
        for (var m = at[^2] * perUnit; m < Math.Min(rows, (at[^2] + 1) * perUnit); m++)
        {
            for (var n = at[^1] * columnsPerUnit; n < Math.Min(columns, (at[^1] + 1) * columnsPerUnit); n++)
            {
                _accumulator = 0;
                for (long k = 0; k < depth; k++)
                {
                    var panel = b + (n / Tile.Columns * (padded / perByte) * Tile.Columns);
                    _accumulator += buffers[0][a + Row(m) + Depth(k)] * Right(k, n, buffers[1][panel + InPanel(k / perByte, n % Tile.Columns, product.Group)]);
                }

                Write(product.Epilogue, product.Stores, [.. at[..^2], .. Unravel(m, rowExtents.AsSpan()), n]);
            }
        }
    }

    private void Attend(AttentionKernel attention, long unit)
    {
        var batch = attention.BatchAxes;
        var (queries, keys, depth, width) = (parameters[batch], parameters[batch + 1], parameters[batch + 2], parameters[batch + 3]);
        var at = Unravel(unit, [.. parameters.AsSpan()[..batch], (queries + attention.Plan.QueryRows - 1) / attention.Plan.QueryRows]);
        long Start(int first) => Enumerable.Range(0, batch).Sum(i => at[i] * parameters[first + i]);
        var (q, k, v, o) = (Start(batch + 4), Start((2 * batch) + 6), Start((3 * batch) + 6), Start((4 * batch) + 6));
        double Packed(int buffer, long start, long rows, long row, long column) => buffers[buffer][start + (((column / Tile.Columns * rows) + row) * Tile.Columns) + (column % Tile.Columns)];
        var scale = attention.Scale != 0 ? attention.Scale : 1 / Math.Sqrt(depth);
        var all = keys;
        keys = Counted(attention.Length, () => Start((5 * batch) + 7), attention.IsCausal ? queries : 1, all);
        for (var t = at[^1] * attention.Plan.QueryRows; t < Math.Min(queries, (at[^1] + 1) * attention.Plan.QueryRows); t++)
        {
            var scores = new double[keys];
            for (long j = 0; j < keys; j++)
            {
                for (long d = 0; d < depth; d++)
                {
                    scores[j] += buffers[0][q + (t * parameters[(2 * batch) + 4]) + (d * parameters[(2 * batch) + 5])] * Packed(1, k, depth, d, j);
                }

                scores[j] = attention.IsCausal && j > keys - queries + t ? AttentionKernel.Hidden : scores[j] * scale;
            }

            var powers = scores.Select(s => Math.Exp(s - scores.Max())).ToArray();
            for (long e = 0; e < width; e++)
            {
                Set(buffers[3], o + (t * parameters[(5 * batch) + 6]) + e, powers.Select((p, j) => p / powers.Sum() * Packed(2, v, all, j, e)).Sum());
            }
        }
    }

    private void Decode(DecodeAttentionKernel attention, long unit)
    {
        var (batch, shared) = (attention.BatchAxes, attention.SharedAxes);
        long[] extents = [.. parameters.AsSpan().Slice(batch, shared + 1)];
        var (all, depth, width) = (parameters[batch + shared + 1], parameters[batch + shared + 2], parameters[batch + shared + 3]);
        var at = Unravel(unit, parameters.AsSpan()[..batch]);
        var q = batch + shared + 4;
        var k = q + batch + shared + 1;
        var v = k + batch + 1;
        var o = v + batch + 1;
        long Start(int first) => Enumerable.Range(0, batch).Sum(i => at[i] * parameters[first + i]);
        var keys = Counted(attention.Length, () => Start(o + batch + shared + 1), attention.IsCausal ? extents[^1] : 1, all);
        var scale = attention.Scale != 0 ? attention.Scale : 1 / Math.Sqrt(depth);
        for (long row = 0; row < extents.Aggregate(1L, (x, y) => x * y); row++)
        {
            var place = Unravel(row, extents);
            long Row(int first) => Start(first) + place.Select((p, i) => p * parameters[first + batch + i]).Sum();
            double[] scores = [.. Enumerable.Range(0, (int)keys).Select(j => attention.IsCausal && j > keys - extents[^1] + place[^1] ? AttentionKernel.Hidden
                : scale * Enumerable.Range(0, (int)depth).Sum(d => buffers[0][Row(q) + d] * buffers[1][Start(k) + (j * parameters[k + batch]) + d]))];
            double[] powers = [.. scores.Select(s => Math.Exp(s - scores.Max()))];
            for (long e = 0; e < width; e++)
            {
                Set(buffers[3], Row(o) + e, powers.Select((p, j) => p / powers.Sum() * buffers[2][Start(v) + (j * parameters[v + batch]) + e]).Sum());
            }
        }
    }

    private long Counted(DType? type, Func<long> at, long least, long keys)
    {
        if (type is null)
        {
            return keys;
        }

        var length = (long)buffers[4][at()];
        IsOutOfRange |= length < least || length > keys;
        return length < least || length > keys ? keys : length;
    }

    private void AttendBack(AttentionGradientKernel attention, long unit)
    {
        var batch = attention.BatchAxes;
        var (queries, keys, depth, width) = (parameters[batch], parameters[batch + 1], parameters[batch + 2], parameters[batch + 3]);
        var at = Unravel(unit, parameters.AsSpan()[..batch]);
        long Start(int first) => Enumerable.Range(0, batch).Sum(i => at[i] * parameters[first + i]);
        double Of(int buffer, long row, long column)
        {
            var strides = attention.StridesOf(buffer);
            return buffers[buffer][Start(strides) + (row * parameters[strides + batch]) + (column * parameters[strides + batch + 1])];
        }

        var scale = attention.Scale != 0 ? attention.Scale : 1 / Math.Sqrt(depth);
        double[] dQueries = new double[queries * depth], dKeys = new double[keys * depth], dValues = new double[keys * width];
        for (long t = 0; t < queries; t++)
        {
            double Dot(long count, Func<long, double> term) => Enumerable.Range(0, (int)count).Sum(i => term(i));
            double[] scores = [.. Enumerable.Range(0, (int)keys).Select(j => attention.IsCausal && j > keys - queries + t
                ? AttentionKernel.Hidden : scale * Dot(depth, d => Of(0, t, d) * Of(1, j, d)))];
            double[] powers = [.. scores.Select(s => Math.Exp(s - scores.Max()))];
            double[] weights = [.. powers.Select(p => p / powers.Sum())];
            double[] dWeights = [.. scores.Select((_, j) => Dot(width, e => Of(3, t, e) * Of(2, j, e)))];
            var share = weights.Zip(dWeights, (w, d) => w * d).Sum();
            for (long j = 0; j < keys; j++)
            {
                var dScore = scale * weights[j] * (dWeights[j] - share);
                for (long d = 0; d < depth; d++)
                {
                    dQueries[(t * depth) + d] += dScore * Of(1, j, d);
                    dKeys[(j * depth) + d] += dScore * Of(0, t, d);
                }

                for (long e = 0; e < width; e++)
                {
                    dValues[(j * width) + e] += weights[j] * Of(3, t, e);
                }
            }
        }

        Write(4, dQueries, depth);
        Write(5, dKeys, depth);
        Write(6, dValues, width);

        void Write(int buffer, double[] matrix, long columns)
        {
            var strides = attention.StridesOf(buffer);
            for (var i = 0; i < matrix.Length; i++)
            {
                Set(buffers[buffer], Start(strides) + (i / columns * parameters[strides + batch]) + (i % columns), matrix[i]);
            }
        }
    }

    private void Fold(ImmutableArray<ScalarNode> nodes, ImmutableArray<Reduction> reductions, double[] totals, long[] point)
    {
        for (var r = 0; r < totals.Length; r++)
        {
            var value = Value(nodes, reductions[r].Node, point);
            totals[r] = reductions[r].Op switch
            {
                OpCode.Sum => totals[r] + value,
                OpCode.ReduceMax => Math.Max(totals[r], value),
                _ => Math.Min(totals[r], value),
            };
        }
    }

    private void Keep(int stage, double[] totals)
    {
        for (var r = 0; r < totals.Length; r++)
        {
            _reduced[(stage, r)] = totals[r];
        }
    }

    private static double Start(OpCode op) => op switch
    {
        OpCode.Sum => 0,
        OpCode.ReduceMax => double.NegativeInfinity,
        _ => double.PositiveInfinity,
    };

    private void Write(ImmutableArray<ScalarNode> nodes, Store store, long[] point) => Set(buffers[store.Buffer], Offset(store.Strides, point), Value(nodes, store.Node, point));

    private static void Set(Memory memory, long element, double value) => memory.Bytes[memory.Offset + (element * memory.Size)] = value;

    private long Offset(ImmutableArray<Stride> strides, long[] point) => strides.Select((s, axis) => point[axis] * Step(s)).Sum();

    private long Step(Stride stride) => stride.Kind switch { StrideKind.Zero => 0, StrideKind.One => 1, _ => parameters[stride.Parameter] };

    private long Checked(long index, long extent)
    {
        index = index < 0 ? index + extent : index;
        IsOutOfRange |= index < 0 || index >= extent;
        return index >= 0 && index < extent ? index : 0;
    }

    // Each node once at a point, when it is first asked for: a store may write over what another node has loaded.
    private double Value(ImmutableArray<ScalarNode> nodes, int node, long[] point)
    {
        if (_at != point)
        {
            _values.Clear();
            _at = point;
        }

        if (!_values.TryGetValue(node, out var value))
        {
            value = _values[node] = Evaluate(nodes, node, point);
        }

        return value;
    }

    private double Evaluate(ImmutableArray<ScalarNode> nodes, int node, long[] point)
    {
        double Of(int n) => Value(nodes, n, point);
        var found = nodes[node];
        return Exact.To(found.Type, found switch
        {
            ConstantNode constant => constant.Value,
            ParameterNode parameter => parameters[parameter.Parameter],
            IndexNode index => point[index.Axis],
            LoadNode load => buffers[load.Buffer][Offset(load.Strides, point)],
            GatherNode gather => buffers[gather.Buffer][
                Offset(gather.Strides, point) + (Checked((long)Of(gather.Index), parameters[gather.Extent]) * Step(gather.IndexStride))],
            ReducedNode reduced => _reduced[(reduced.Stage, reduced.Reduction)],
            AccumulatorNode => _accumulator,
            UniformNode uniform => Exact.Uniform(uniform.Type, Of(uniform.Seed), Of(uniform.Offset), Of(uniform.Counter)),
            ComputeNode compute => ReferenceOps.Apply(compute.Op, nodes[compute.Operands[^1]].Type, found.Type, [.. compute.Operands.Select(Of)]),
            _ => throw new NotSupportedException(found.ToString()),
        });
    }
}

/// <summary>Numbers of a type held in double: integers wrap, floats keep all their bits.</summary>
internal static class Exact
{
    public static double To(DType type, double value) => type.IsFloat() ? value : Rounding.To(value, type);

    // Any function of all its inputs serves to find a wrong seed, offset or counter.
    public static double Uniform(DType type, double seed, double offset, double counter)
    {
        var mixed = Math.Sin((seed * 12.9898) + ((offset + Math.Floor(counter / 4)) * 78.233) + (counter % 4 * 37.719)) * 43758.5453;
        return To(type, mixed - Math.Floor(mixed));
    }
}
