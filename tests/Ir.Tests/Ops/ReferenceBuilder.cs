using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>A tensor of the reference: every element as a double, row by row.</summary>
internal sealed class ReferenceValue(OpBuilder builder, TensorType type, double[] data) : OpValue(builder, type)
{
    public double[] Data { get; } = data;

    public int[] Sizes { get; } = [.. type.Shape.Select(d => (int)d.Value)];

    /// <summary>The element at a place of a shape that this one broadcasts to.</summary>
    public double At(ReadOnlySpan<int> place)
    {
        var offset = 0;
        for (var axis = 0; axis < Sizes.Length; axis++)
        {
            offset = (offset * Sizes[axis]) + (Sizes[axis] == 1 ? 0 : place[place.Length - Sizes.Length + axis]);
        }

        return Data[offset];
    }
}

/// <summary>Runs ops in double precision, element by element, straight from what their rows say; composites by their definition.</summary>
internal sealed class ReferenceBuilder : OpBuilder
{
    private static readonly ImmutableDictionary<OpCode, Func<double, double>> Unary = ImmutableDictionary.CreateRange(
        new KeyValuePair<OpCode, Func<double, double>>[]
        {
            new(OpCode.Neg, x => -x), new(OpCode.Abs, Math.Abs), new(OpCode.Sign, x => Math.Sign(x)), new(OpCode.Exp, Math.Exp),
            new(OpCode.Log, Math.Log), new(OpCode.Sqrt, Math.Sqrt), new(OpCode.Rsqrt, x => 1 / Math.Sqrt(x)), new(OpCode.Sin, Math.Sin),
            new(OpCode.Cos, Math.Cos), new(OpCode.Tanh, Math.Tanh), new(OpCode.Erf, Erf), new(OpCode.Floor, Math.Floor),
            new(OpCode.Ceil, Math.Ceiling), new(OpCode.Round, Math.Round), new(OpCode.LogicalNot, x => x == 0 ? 1 : 0),
            new(OpCode.StopGradient, x => x),
        });

    private static readonly ImmutableDictionary<OpCode, Func<double, double, double>> Binary = ImmutableDictionary.CreateRange(
        new KeyValuePair<OpCode, Func<double, double, double>>[]
        {
            new(OpCode.Add, (x, y) => x + y), new(OpCode.Sub, (x, y) => x - y), new(OpCode.Mul, (x, y) => x * y),
            new(OpCode.Div, (x, y) => x / y), new(OpCode.Pow, Math.Pow), new(OpCode.Maximum, Math.Max), new(OpCode.Minimum, Math.Min),
            new(OpCode.Remainder, (x, y) => x % y), new(OpCode.LogicalAnd, (x, y) => x * y), new(OpCode.LogicalOr, Math.Max),
            new(OpCode.LogicalXor, (x, y) => x == y ? 0 : 1), new(OpCode.Equal, (x, y) => x == y ? 1 : 0),
            new(OpCode.NotEqual, (x, y) => x != y ? 1 : 0), new(OpCode.Less, (x, y) => x < y ? 1 : 0),
            new(OpCode.LessEqual, (x, y) => x <= y ? 1 : 0), new(OpCode.Greater, (x, y) => x > y ? 1 : 0),
            new(OpCode.GreaterEqual, (x, y) => x >= y ? 1 : 0),
        });

    private delegate double Element(ReadOnlySpan<int> place);

    /// <summary>The whole op at once, where it is more than a formula of places.</summary>
    public static Func<ImmutableArray<ReferenceValue>, Attributes, double[]>? RoutineOf(OpCode code) => MatrixReference.Find(code) ?? ScanReference.Find(code);

    /// <summary>Evaluates a graph: values of the inputs, then values of the outputs.</summary>
    public static double[][] Run(Graph graph, IReadOnlyList<double[]> inputs, ImmutableDictionary<string, long> sizes)
    {
        var builder = new ReferenceBuilder();
        var values = new OpValue[graph.ValueCount];
        for (var i = 0; i < inputs.Count; i++)
        {
            values[i] = builder.Value(Substitution.Sized(graph.Inputs[i].Type, sizes), inputs[i]);
        }

        foreach (var node in graph.Nodes)
        {
            values[node.Results[0]] = builder.Apply(
                node.Op, [.. node.Operands.Select(o => values[o])], Substitution.Sized(node.Attributes, sizes))[0];
        }

        return [.. graph.Outputs.Select(o => ((ReferenceValue)values[o.Value]).Data)];
    }

    public OpValue Value(TensorType type, params double[] data)
    {
        Assert.Equal(type.Shape.Size.Value, data.Length);
        return new ReferenceValue(this, type, data);
    }

    public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var type = op.InferTypes([.. operands.Select(o => o.Type)], ref attributes)[0];
        if (op.Definition is { } definition)
        {
            return definition(this, operands, attributes);
        }

        ImmutableArray<ReferenceValue> x = [.. operands.Cast<ReferenceValue>()];
        return
        [
            RoutineOf(op.Code) is { } routine ? Value(type, routine(x, attributes))
            : op.Code == OpCode.ScatterAdd ? Value(type, ScatterAdd(x[0], x[1], (int)attributes.Int("size")))
            : op.Has(OpTraits.Reduction) ? Value(type, Reduce(op.Code, x[0], OpAxes.Of(attributes, x[0].Shape.Rank)))
            : Fill(type, ElementOf(op.Code, x, attributes, type)),
        ];
    }

    private ReferenceValue Fill(TensorType type, Element element)
    {
        var result = new ReferenceValue(this, type, new double[type.Shape.Size.Value]);
        Walk(result.Sizes, (place, i) => result.Data[i] = element(place));
        return result;
    }

    private static Element ElementOf(OpCode code, ImmutableArray<ReferenceValue> x, Attributes attributes, TensorType type)
    {
        if (Unary.TryGetValue(code, out var unary))
        {
            return p => unary(x[0].At(p));
        }

        if (Binary.TryGetValue(code, out var binary))
        {
            return p => binary(x[0].At(p), x[1].At(p));
        }

        return code switch
        {
            OpCode.Cast when type.DType == DType.Bool => p => x[0].At(p) != 0 ? 1 : 0,
            OpCode.Cast when type.DType.IsInteger() => p => Math.Truncate(x[0].At(p)),
            OpCode.Cast or OpCode.BroadcastTo => p => x[0].At(p),
            OpCode.Select => p => x[0].At(p) != 0 ? x[1].At(p) : x[2].At(p),
            OpCode.Constant or OpCode.Full => _ => attributes.Float("value"),
            OpCode.DimSize => _ => attributes.Int("dim"),
            OpCode.Iota => p => p[OpAxes.One(attributes, type.Rank)],
            OpCode.Reshape => p => x[0].Data[Offset(p, type.Shape)],
            OpCode.Transpose => Transposed(x[0], attributes.Ints("permutation")),
            OpCode.Slice => Sliced(x[0], attributes.Ints("starts"), attributes.Ints("steps")),
            OpCode.Pad => Padded(x[0], attributes.Ints("low"), attributes.Float("value")),
            OpCode.Concat => Joined(x, OpAxes.One(attributes, type.Rank)),
            OpCode.Gather => Gathered(x[0], x[1], OpAxes.One(attributes, x[0].Shape.Rank)),
            OpCode.MatMul => Product(x[0], x[1], attributes.Bool("transposeA"), attributes.Bool("transposeB")),
            _ => throw new NotSupportedException(code.ToString()),
        };
    }

    private static Element Transposed(ReferenceValue x, ImmutableArray<int> permutation) => p =>
    {
        Span<int> from = stackalloc int[permutation.Length];
        for (var i = 0; i < permutation.Length; i++)
        {
            from[permutation[i]] = p[i];
        }

        return x.At(from);
    };

    private static Element Sliced(ReferenceValue x, ImmutableArray<int> starts, ImmutableArray<int> steps) => p =>
    {
        int[] from = [.. p];
        return x.At([.. from.Select((i, axis) => starts[axis] + (i * steps[axis]))]);
    };

    private static Element Padded(ReferenceValue x, ImmutableArray<int> low, double value) => p =>
    {
        int[] from = [.. p];
        from = [.. from.Select((i, axis) => i - low[axis])];
        return from.Where((i, axis) => i < 0 || i >= x.Sizes[axis]).Any() ? value : x.At(from);
    };

    private static Element Joined(ImmutableArray<ReferenceValue> xs, int axis) => p =>
    {
        int[] from = [.. p];
        var which = 0;
        while (from[axis] >= xs[which].Sizes[axis])
        {
            from[axis] -= xs[which++].Sizes[axis];
        }

        return xs[which].At(from);
    };

    private static Element Gathered(ReferenceValue x, ReferenceValue indices, int axis) => p =>
    {
        int[] place = [.. p];
        var index = (int)indices.At(place.AsSpan(axis, indices.Sizes.Length));
        return x.At([.. place.Take(axis), index < 0 ? index + x.Sizes[axis] : index, .. place.Skip(axis + indices.Sizes.Length)]);
    };

    private static Element Product(ReferenceValue x, ReferenceValue y, bool transposeX, bool transposeY) => p =>
    {
        int[] place = [.. p];
        var depth = x.Sizes[^(transposeX ? 2 : 1)];
        var sum = 0.0;
        for (var k = 0; k < depth; k++)
        {
            sum += x.At(Cell(place, place[^2], k, transposeX)) * y.At(Cell(place, k, place[^1], transposeY));
        }

        return sum;
    };

    private static int[] Cell(int[] place, int row, int column, bool transposed) =>
        transposed ? [.. place.SkipLast(2), column, row] : [.. place.SkipLast(2), row, column];

    private static double[] Reduce(OpCode code, ReferenceValue x, ImmutableArray<int> axes)
    {
        var kept = x.Sizes.Select((size, axis) => axes.Contains(axis) ? 1 : size).ToArray();
        var result = new double[kept.Aggregate(1, (a, b) => a * b)];
        Array.Fill(result, code switch { OpCode.Sum => 0, OpCode.ReduceMax => double.NegativeInfinity, _ => double.PositiveInfinity });
        Walk(x.Sizes, (place, i) =>
        {
            var offset = 0;
            for (var axis = 0; axis < kept.Length; axis++)
            {
                offset = (offset * kept[axis]) + (kept[axis] == 1 ? 0 : place[axis]);
            }

            result[offset] = code switch
            {
                OpCode.Sum => result[offset] + x.Data[i],
                OpCode.ReduceMax => Math.Max(result[offset], x.Data[i]),
                _ => Math.Min(result[offset], x.Data[i]),
            };
        });
        return result;
    }

    private static double[] ScatterAdd(ReferenceValue indices, ReferenceValue updates, int size)
    {
        var row = updates.Data.Length / indices.Data.Length;
        var result = new double[size * row];
        for (var i = 0; i < updates.Data.Length; i++)
        {
            result[((int)indices.Data[i / row] * row) + (i % row)] += updates.Data[i];
        }

        return result;
    }

    private static int Offset(ReadOnlySpan<int> place, Shape shape)
    {
        var offset = 0;
        for (var axis = 0; axis < place.Length; axis++)
        {
            offset = (offset * (int)shape[axis].Value) + place[axis];
        }

        return offset;
    }

    private delegate void Visit(ReadOnlySpan<int> place, int index);

    private static void Walk(int[] sizes, Visit visit)
    {
        var place = new int[sizes.Length];
        var count = sizes.Aggregate(1, (a, b) => a * b);
        for (var i = 0; i < count; i++)
        {
            visit(place, i);
            for (var axis = sizes.Length - 1; axis >= 0 && ++place[axis] == sizes[axis]; axis--)
            {
                place[axis] = 0;
            }
        }
    }

    /// <summary>The Taylor series: exact to 1e-12 for |x| ≤ 3.</summary>
    private static double Erf(double x)
    {
        var (term, sum) = (x, x);
        for (var n = 1; n < 100; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return sum * 2 / Math.Sqrt(Math.PI);
    }
}
