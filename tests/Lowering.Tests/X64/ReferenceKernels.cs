using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

/// <summary>Runs kernels point by point in double precision, as their records document them.</summary>
internal sealed class ReferenceKernels(Block[] buffers, long[] parameters)
{
    private readonly Dictionary<(int Stage, int Reduction), double> _reduced = [];
    private double _accumulator;

    public long Status { get; private set; }

    public static long Run(LoopKernel kernel, Block[] buffers, long[] parameters)
    {
        var reference = new ReferenceKernels(buffers, parameters);
        switch (kernel)
        {
            case RowKernel rows:
                reference.Rows(rows);
                break;
            case ColumnKernel columns:
                reference.Columns(columns);
                break;
            case ScatterKernel:
                reference.Scatter();
                break;
            default:
                throw new NotSupportedException(kernel.GetType().Name);
        }

        return reference.Status;
    }

    /// <summary>C = epilogue(A · B) straight from B, before packing.</summary>
    public static void Contract(ContractionKernel kernel, Block[] buffers, long[] parameters, Func<long[], double> a, Func<long[], double> b)
    {
        var reference = new ReferenceKernels(buffers, parameters);
        var depth = parameters[kernel.BatchAxes + 2];
        foreach (var point in Points(parameters[..(kernel.BatchAxes + 2)]))
        {
            double sum = 0;
            for (long k = 0; k < depth; k++)
            {
                sum += a([.. point[..^2], point[^2], k]) * b([.. point[..^2], k, point[^1]]);
            }

            reference._accumulator = sum;
            foreach (var store in kernel.Stores)
            {
                buffers[store.Buffer][reference.Offset(store.Strides, point)] = reference.Value(kernel.Epilogue, store.Node, point);
            }
        }
    }

    public static IEnumerable<long[]> Points(long[] extents)
    {
        var count = extents.Aggregate(1L, (a, b) => a * b);
        for (long i = 0; i < count; i++)
        {
            var point = new long[extents.Length];
            var rest = i;
            for (var axis = extents.Length - 1; axis >= 0; axis--)
            {
                point[axis] = rest % extents[axis];
                rest /= extents[axis];
            }

            yield return point;
        }
    }

    /// <summary>Words of block <paramref name="block"/> of Philox4x32-10, written from the paper.</summary>
    public static uint[] Philox(ulong key, ulong block)
    {
        uint[] c = [(uint)block, (uint)(block >> 32), 0, 0];
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (var round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c[0], p1 = 0xCD9E8D57UL * c[2];
            c = [(uint)(p1 >> 32) ^ c[1] ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c[3] ^ k1, (uint)p0];
            k0 = unchecked(k0 + 0x9E3779B9);
            k1 = unchecked(k1 + 0xBB67AE85);
        }

        return c;
    }

    private void Rows(RowKernel rows)
    {
        var inner = parameters[rows.Axes - 1];
        foreach (var outer in Points(parameters[..(rows.Axes - 1)]))
        {
            for (var s = 0; s < rows.Stages.Length; s++)
            {
                var stage = rows.Stages[s];
                var totals = stage.Reductions.Select(r => Start(r.Op)).ToArray();
                for (long i = 0; i < inner; i++)
                {
                    long[] point = [.. outer, i];
                    for (var r = 0; r < totals.Length; r++)
                    {
                        totals[r] = Join(stage.Reductions[r].Op, totals[r], Value(rows.Nodes, stage.Reductions[r].Node, point));
                    }

                    Write(rows, stage.Stores.Where(x => x.Strides[^1].Kind != StrideKind.Zero), point);
                }

                for (var r = 0; r < totals.Length; r++)
                {
                    _reduced[(s, r)] = totals[r];
                }

                Write(rows, stage.Stores.Where(x => x.Strides[^1].Kind == StrideKind.Zero), [.. outer, 0]);
            }
        }
    }

    // A store may write over what any of them needs.
    private void Write(RowKernel rows, IEnumerable<Store> stores, long[] point)
    {
        foreach (var (store, value) in stores.Select(s => (s, Value(rows.Nodes, s.Node, point))).ToList())
        {
            buffers[store.Buffer][Offset(store.Strides, point)] = value;
        }
    }

    private void Columns(ColumnKernel columns)
    {
        foreach (var place in Points([.. parameters[..(columns.Axes - 2)], parameters[columns.Axes - 1]]))
        {
            var totals = columns.Reductions.Select(r => Start(r.Op)).ToArray();
            for (long k = 0; k < parameters[columns.Axes - 2]; k++)
            {
                for (var r = 0; r < totals.Length; r++)
                {
                    totals[r] = Join(columns.Reductions[r].Op, totals[r], Value(columns.Nodes, columns.Reductions[r].Node, [.. place[..^1], k, place[^1]]));
                }
            }

            for (var r = 0; r < totals.Length; r++)
            {
                _reduced[(0, r)] = totals[r];
            }

            foreach (var store in columns.Stores)
            {
                long[] point = [.. place[..^1], 0, place[^1]];
                buffers[store.Buffer][Offset(store.Strides, point)] = Value(columns.Nodes, store.Node, point);
            }
        }
    }

    private void Scatter()
    {
        long rows = parameters[0], columns = parameters[1], extent = parameters[2];
        for (long r = 0; r < rows; r++)
        {
            var v = Checked((long)buffers[0][r * parameters[3]], extent);
            for (long c = 0; c < columns && extent > 0; c++)
            {
                buffers[2][(v * parameters[5]) + c] += buffers[1][(r * parameters[4]) + c];
            }
        }
    }

    private static double Start(OpCode op) => op switch
    {
        OpCode.Sum => 0,
        OpCode.ReduceMax => double.NegativeInfinity,
        _ => double.PositiveInfinity,
    };

    private static double Join(OpCode op, double a, double b) => op switch
    {
        OpCode.Sum => a + b,
        OpCode.ReduceMax => Math.Max(a, b),
        _ => Math.Min(a, b),
    };

    private long Offset(ImmutableArray<Stride> strides, long[] point) => strides.Select((s, axis) => point[axis] * Step(s)).Sum();

    private long Step(Stride stride) => stride.Kind switch
    {
        StrideKind.Zero => 0,
        StrideKind.One => 1,
        _ => parameters[stride.Parameter],
    };

    private long Checked(long index, long extent)
    {
        index = index < 0 ? index + extent : index;
        if (index >= 0 && index < extent)
        {
            return index;
        }

        Status = 1;
        return 0;
    }

    private double Value(ImmutableArray<ScalarNode> nodes, int node, long[] point)
    {
        double Of(int n) => Value(nodes, n, point);
        var found = nodes[node];
        return Rounding.To(found switch
        {
            ConstantNode constant => constant.Value,
            ParameterNode parameter => parameters[parameter.Parameter],
            IndexNode index => point[index.Axis],
            LoadNode load => buffers[load.Buffer][Offset(load.Strides, point)],
            GatherNode gather => buffers[gather.Buffer][
                Offset(gather.Strides, point) + (Checked((long)Of(gather.Index), parameters[gather.Extent]) * Step(gather.IndexStride))],
            ReducedNode reduced => _reduced[(reduced.Stage, reduced.Reduction)],
            AccumulatorNode => _accumulator,
            UniformNode uniform => Uniform(uniform.Type, (ulong)(long)Of(uniform.Seed), (ulong)(long)Of(uniform.Offset), (ulong)(long)Of(uniform.Counter)),
            ComputeNode compute => ReferenceOps.Apply(compute.Op, nodes[compute.Operands[^1]].Type, found.Type, [.. compute.Operands.Select(Of)]),
            _ => throw new NotSupportedException(found.ToString()),
        }, found.Type);
    }

    private static double Uniform(DType type, ulong seed, ulong offset, ulong counter)
    {
        var word = Philox(seed, offset + (counter / 4))[counter % 4];
        return type == DType.F64 ? word * Math.Pow(2, -32) : (word >> 8) * Math.Pow(2, -24);
    }
}
