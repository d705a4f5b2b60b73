using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Tests.Loops;
using Unified.Lowering.Tests.X64;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>A dense array of any dtype, held in double.</summary>
internal sealed record Array(DType Type, ImmutableArray<long> Shape, double[] Data)
{
    public static Array Zeros(DType type, ImmutableArray<long> shape) => new(type, shape, new double[shape.Aggregate(1L, (a, b) => a * b)]);

    public static Array From(DType type, ImmutableArray<long> shape, Func<long[], double> element)
    {
        var array = Zeros(type, shape);
        foreach (var (index, i) in Indices(shape).Select((x, i) => (x, i)))
        {
            array.Data[i] = Exact.To(type, element(index));
        }

        return array;
    }

    public double this[params ReadOnlySpan<long> index]
    {
        get => Data[At(index)];
        set => Data[At(index)] = value;
    }

    public static IEnumerable<long[]> Indices(ImmutableArray<long> shape)
    {
        var count = shape.Aggregate(1L, (a, b) => a * b);
        for (long i = 0; i < count; i++)
        {
            var index = new long[shape.Length];
            var rest = i;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, shape[axis]);
            }

            yield return index;
        }
    }

    /// <summary>The element that broadcasting puts at an index of a larger shape.</summary>
    public double Broadcast(long[] index)
    {
        var own = new long[Shape.Length];
        for (var axis = 0; axis < own.Length; axis++)
        {
            own[axis] = Shape[axis] == 1 ? 0 : index[axis + index.Length - own.Length];
        }

        return this[own];
    }

    private long At(ReadOnlySpan<long> index)
    {
        long offset = 0;
        for (var axis = 0; axis < Shape.Length; axis++)
        {
            Assert.InRange(index[axis], 0, Shape[axis] - 1);
            offset = (offset * Shape[axis]) + index[axis];
        }

        return offset;
    }
}

/// <summary>Evaluates primitive ops one by one on whole arrays: the reference for schedules.</summary>
internal sealed class GraphEvaluator(GraphModule module, IReadOnlyDictionary<string, long> dims)
{
    // What the target has kernels for, too.
    private readonly GraphModule _module = new DecomposeComposites("primitives", (_, _) => false).Run(module);
    private readonly List<List<Array[]>> _tapes = [];

    private static readonly Dictionary<OpCode, Func<GraphEvaluator, Node, ImmutableArray<long>, DType, Array[], Array>> Rules = new()
    {
        [OpCode.Constant] = (_, n, shape, type, _) => Array.From(type, shape, _ => n.Attributes.Float("value")),
        [OpCode.Full] = (_, n, shape, type, _) => Array.From(type, shape, _ => n.Attributes.Float("value")),
        [OpCode.Iota] = (_, n, shape, type, _) => Array.From(type, shape, i => i[OpAxes.One(n.Attributes, shape.Length)]),
        [OpCode.DimSize] = (e, n, shape, type, _) => Array.From(type, shape, _ => e.Size(n.Attributes.Dim("dim"))),
        [OpCode.Reshape] = (_, _, shape, type, x) => new(type, shape, x[0].Data),
        [OpCode.BroadcastTo] = (_, _, shape, type, x) => Array.From(type, shape, x[0].Broadcast),
        [OpCode.Transpose] = (_, n, shape, type, x) => Array.From(type, shape, i =>
        {
            var index = new long[i.Length];
            foreach (var (from, to) in n.Attributes.Ints("permutation").Select((p, k) => (k, p)))
            {
                index[to] = i[from];
            }

            return x[0][index];
        }),
        [OpCode.Slice] = (e, n, shape, type, x) => Array.From(type, shape, i => x[0][
            [.. i.Select((v, k) => e.Size(n.Attributes.Dims("starts")[k]) + (v * e.Size(n.Attributes.Dims("steps")[k])))]]),
        [OpCode.Pad] = (e, n, shape, type, x) => Array.From(type, shape, i =>
        {
            long[] at = [.. i.Select((v, k) => v - e.Size(n.Attributes.Dims("low")[k]))];
            return at.Select((v, k) => v >= 0 && v < x[0].Shape[k]).All(t => t) ? x[0][at] : n.Attributes.Float("value");
        }),
        [OpCode.Concat] = (_, n, shape, type, x) => Array.From(type, shape, i =>
        {
            var axis = OpAxes.One(n.Attributes, shape.Length);
            var at = i.ToArray();
            foreach (var part in x)
            {
                if (at[axis] < part.Shape[axis])
                {
                    return part[at];
                }

                at[axis] -= part.Shape[axis];
            }

            throw new InvalidOperationException();
        }),
        [OpCode.Gather] = (_, n, shape, type, x) => Array.From(type, shape, i =>
        {
            var axis = OpAxes.One(n.Attributes, x[0].Shape.Length);
            var rank = x[1].Shape.Length;
            var at = (long)x[1][i.AsSpan(axis, rank)];
            return x[0][[.. i[..axis], at < 0 ? at + x[0].Shape[axis] : at, .. i[(axis + rank)..]]];
        }),
        [OpCode.ScatterAdd] = (_, n, shape, type, x) =>
        {
            var result = Array.Zeros(type, shape);
            foreach (var i in Array.Indices(x[1].Shape))
            {
                var rank = x[0].Shape.Length;
                var at = (long)x[0][i.AsSpan(0, rank)];
                long[] target = [at < 0 ? at + shape[0] : at, .. i[rank..]];
                result[target] += x[1][i];
            }

            return result;
        },
        [OpCode.MatMul] = (_, n, shape, type, x) => Array.From(type, shape, i =>
        {
            var (ta, tb) = (n.Attributes.Bool("transposeA"), n.Attributes.Bool("transposeB"));
            var depth = x[0].Shape[ta ? ^2 : ^1];
            double sum = 0;
            for (long k = 0; k < depth; k++)
            {
                sum += x[0].Broadcast([.. i[..^2], .. ta ? [k, i[^2]] : new[] { i[^2], k }]) * x[1].Broadcast([.. i[..^2], .. tb ? [i[^1], k] : new[] { k, i[^1] }]);
            }

            return sum;
        }),
        [OpCode.Sum] = (_, n, shape, type, x) => Reduce(n, shape, type, x[0], 0, (a, b) => a + b),
        [OpCode.ReduceMax] = (_, n, shape, type, x) => Reduce(n, shape, type, x[0], double.NegativeInfinity, Math.Max),
        [OpCode.ReduceMin] = (_, n, shape, type, x) => Reduce(n, shape, type, x[0], double.PositiveInfinity, Math.Min),
        [OpCode.ArgMax] = (_, n, shape, type, x) =>
        {
            var axis = OpAxes.One(n.Attributes, x[0].Shape.Length);
            return Array.From(type, shape, i =>
            {
                var index = n.Attributes.Bool("keepDims") ? i.ToList() : [.. i[..axis], 0, .. i[axis..]];
                var values = Enumerable.Range(0, (int)x[0].Shape[axis]).Select(k => { index[axis] = k; return x[0][[.. index]]; }).ToList();
                return values.IndexOf(values.Max());
            });
        },
        [OpCode.RandomUniform] = (_, _, shape, type, x) =>
        {
            long count = 0;
            return Array.From(type, shape, _ => Exact.Uniform(type, x[0][0], x[0][1], count++));
        },
    };

    public Array[] Run(string graph, IReadOnlyList<Array> inputs)
    {
        var g = _module.Get(graph);
        var values = new Array[g.ValueCount];
        for (var i = 0; i < inputs.Count; i++)
        {
            values[i] = inputs[i];
        }

        foreach (var node in g.Nodes)
        {
            Array[] operands = [.. node.Operands.Select(o => values[o])];
            if (node.Op.Has(OpTraits.RunsGraph))
            {
                foreach (var (result, array) in node.Results.Zip(Control(node, [.. operands])))
                {
                    values[result] = array;
                }

                continue;
            }

            var type = g.TypeOf(node.Results[0]);
            var shape = Sizes(type.Shape);
            values[node.Results[0]] = Rules.TryGetValue(node.Op.Code, out var rule)
                ? rule(this, node, shape, type.DType, operands)
                : Array.From(type.DType, shape, i => ReferenceOps.Apply(node.Op.Code, operands[^1].Type, type.DType, [.. operands.Select(o => o.Broadcast(i))]));
        }

        return [.. g.Outputs.Select(o => values[o.Value])];
    }

    private IReadOnlyList<Array> Control(Node node, ImmutableArray<Array> operands)
    {
        if (node.Op.Code == OpCode.Call)
        {
            return Run(node.Callee!, operands);
        }

        var (condition, values, arguments) = ControlOperands<Array>.Of(node, operands);
        if (node.Op.Code == OpCode.If)
        {
            return condition.Data[0] != 0 ? Run(node.Callee!, arguments) : values;
        }

        if (node.Op.Code == OpCode.Unwind)
        {
            foreach (var turn in Enumerable.Reverse(_tapes[(int)condition.Data[0]]))
            {
                values = [.. Run(node.Callee!, [.. turn, .. values, .. arguments])];
            }

            return values;
        }

        var turns = new List<Array[]>();
        while (condition.Data[0] != 0)
        {
            turns.Add(node.Op.Code == OpCode.RecordedWhile ? [.. node.Attributes.Ints("saved").Select(i => values[i])] : []);
            var next = Run(node.Callee!, [.. values, .. arguments]);
            (condition, values) = (next[0], [.. next.Skip(1)]);
        }

        if (node.Op.Code == OpCode.While)
        {
            return values;
        }

        _tapes.Add(turns);
        return [.. values, Array.From(DType.I64, [2], i => i[0] == 0 ? _tapes.Count - 1 : turns.Count)];
    }

    public ImmutableArray<long> Sizes(Shape shape) => [.. shape.Select(Size)];

    private long Size(Dim dim) => dim.Evaluate(dims);

    private static Array Reduce(Node node, ImmutableArray<long> shape, DType type, Array x, double start, Func<double, double, double> join)
    {
        var axes = OpAxes.Of(node.Attributes, x.Shape.Length);
        var result = Array.From(type, shape, _ => 0);
        System.Array.Fill(result.Data, start);
        foreach (var i in Array.Indices(x.Shape))
        {
            long[] at = [.. i.Select((v, k) => (v, k)).Where(p => node.Attributes.Bool("keepDims") || !axes.Contains(p.k)).Select(p => axes.Contains(p.k) ? 0 : p.v)];
            result[at] = join(result[at], x[i]);
        }

        return result;
    }
}
