using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns attention into the packing of its keys and values and one kernel that never holds all weights, and its gradient into one that packs by itself.</summary>
internal static class AttentionBuilder
{
    // The bound of the classes of size (KernelFamily).
    private const int FewKeys = 256;

    private static KernelClass Decoding => new(KernelFamily.DecodeAttention, false);

    /// <param name="views">How each value lies in memory.</param>
    /// <param name="result">Where the result goes, dense.</param>
    public static void Add(ProgramBuilder program, Node node, ImmutableArray<View> views, BufferRef result)
    {
        var (type, axes) = (program.Graph.TypeOf(node.Results[0]), (int)node.Attributes.Int("headAxes"));
        type = type with { Shape = HeadAxes.Outside(type.Shape, axes) };
        var batch = type.Shape.Dims[..^2];
        StackedMatrix Place(int operand) => StackedMatrix.Of(program, node, operand, batch, views);
        var attention = new Attention(type, ResultStrides(type.Shape, axes), Place(0), Place(1), Place(2), Length(program, node, batch, views), result);

        // How many queries there are may be known only at run time: then both stand there, and one of them has no units.
        var packs = attention.CanDecode ? Dim.Min(1, Dim.FloorDiv(attention.QueriesPerKey, program.Tuning.For(Decoding)[TunableTable.DecodeQueries] + 1)) : Dim.One;
        if (!packs.Is(1))
        {
            AddDecoding(program, node, attention, 1 - packs);
        }

        if (!packs.Is(0))
        {
            AddPacked(program, node, attention, packs);
        }
    }

    private static void AddPacked(ProgramBuilder program, Node node, Attention attention, Dim when)
    {
        var (query, key, value, batch) = (attention.Query, attention.Key, attention.Value, attention.Batch);
        var (queries, depth, keys, width) = (query.Rows.Extent, query.Columns.Extent, key.Rows.Extent, value.Columns.Extent);
        var (packedKeys, keyStrides) = PackOperand.Add(program, key.Ref, DType.F32, batch, key.Batch, [key.Columns], key.Rows, node.Source, from: attention.Widened, when: when);
        var (packedValues, valueStrides) = PackOperand.Add(program, value.Ref, DType.F32, batch, value.Batch, [value.Rows], value.Columns, node.Source, from: attention.Widened, when: when);
        var isCausal = node.Attributes.Bool("causal");
        var kernels = KernelClass.Of(KernelFamily.Attention, queries, Tile.Rows);
        var kernel = new AttentionKernel(batch.Length, isCausal, node.Attributes.Float("scale"), query.Order, attention.Type, attention.Length?.Type)
        {
            Plan = AttentionPlan.Of(program.Tuning.For(kernels)),
        };
        program.AddLaunch(
            kernel,
            kernels,
            [query.Ref, new BufferRef(packedKeys, Dim.Zero), new BufferRef(packedValues, Dim.Zero), attention.Result, .. attention.LengthBuffer],
            [
                .. batch, queries, keys, depth, width, .. query.Batch, query.Rows.Stride, query.Columns.Stride, .. keyStrides, .. valueStrides, .. attention.ResultStrides,
                .. attention.LengthStrides,
            ],
            Product(batch) * Dim.CeilDiv(queries, kernel.Plan.QueryRows) * when,
            Dim.One,
            kernel.ScratchBytes(depth, width),
            attention.Flops(isCausal) * when,
            null,
            $"attention {new Shape(batch)}[{queries},{depth}]x[{keys},{width}]",
            node.Source);
    }

    private static void AddDecoding(ProgramBuilder program, Node node, Attention attention, Dim when)
    {
        var (query, key, value) = (attention.Query, attention.Key, attention.Value);
        var (batch, shared) = (attention.Batch[..^attention.SharedAxes], attention.Batch[^attention.SharedAxes..]);
        var (depth, keys, width) = (query.Columns.Extent, key.Rows.Extent, value.Columns.Extent);
        var isCausal = node.Attributes.Bool("causal");
        var kernel = new DecodeAttentionKernel(batch.Length, shared.Length, isCausal, node.Attributes.Float("scale"), attention.Type, attention.Length?.Type)
        {
            Plan = DecodeAttentionPlan.Of(program.Tuning.For(Decoding)),
        };
        program.AddLaunch(
            kernel,
            Decoding,
            [query.Ref, key.Ref, value.Ref, attention.Result, .. attention.LengthBuffer],
            [
                .. batch, .. shared, query.Rows.Extent, keys, depth, width, .. query.Batch, query.Rows.Stride, .. key.Batch[..batch.Length], key.Rows.Stride,
                .. value.Batch[..batch.Length], value.Rows.Stride, .. attention.ResultStrides, .. attention.LengthStrides.Take(batch.Length),
            ],
            Product(batch) * when,
            Dim.One,
            kernel.ScratchBytes(attention.QueriesPerKey, width),
            attention.Flops(isCausal: false) * when,
            null,
            $"attention {new Shape(attention.Batch)}[{query.Rows.Extent},{depth}]x[{keys},{width}] decoding",
            node.Source);
    }

    private static (BufferRef Ref, DType Type, ImmutableArray<Dim> Strides)? Length(ProgramBuilder program, Node node, ImmutableArray<Dim> batch, ImmutableArray<View> views)
    {
        if (node.Operands.Length == 3)
        {
            return null;
        }

        var (type, view) = (program.Graph.TypeOf(node.Operands[3]), views[node.Operands[3]]);
        var lead = batch.Length - type.Rank;
        return (
            program.Ref(view.Owner, view.Offset, type.DType), type.DType,
            [.. batch.Select((_, a) => a < lead || type.Shape[a - lead].Is(1) ? Dim.Zero : view.Strides[a - lead])]);
    }

    private static Dim Product(IEnumerable<Dim> extents) => extents.Aggregate(Dim.One, (x, y) => x * y);

    // Of rows that are dense, in a result with that many head axes inside of them: batch axes, rows.
    private static ImmutableArray<Dim> ResultStrides(Shape shape, int headAxes)
    {
        var strides = View.DenseStrides(HeadAxes.Inside(shape, headAxes));
        return [.. HeadAxes.Order(shape.Rank, headAxes).Zip(strides).OrderBy(p => p.First).Select(p => p.Second).SkipLast(1)];
    }

    private sealed record Attention(
        TensorType Of, ImmutableArray<Dim> ResultStrides, StackedMatrix Query, StackedMatrix Key, StackedMatrix Value, (BufferRef Ref, DType Type, ImmutableArray<Dim> Strides)? Length, BufferRef Result)
    {
        public DType Type => Of.DType;

        /// <summary>What keys and values are in memory, where they are widened as they are packed.</summary>
        public DType? Widened => Type == DType.F32 ? null : Type;

        public ImmutableArray<Dim> Batch => Of.Shape.Dims[..^2];

        public ImmutableArray<BufferRef> LengthBuffer => Length is { } length ? [length.Ref] : [];

        public ImmutableArray<Dim> LengthStrides => Length?.Strides ?? [];

        /// <summary>Axes, the last ones, along which all queries look at the same keys.</summary>
        public int SharedAxes => Enumerable.Range(0, Batch.Length).Reverse().TakeWhile(a => Key.Batch[a].Is(0) && Value.Batch[a].Is(0) && (Length is null || Length.Value.Strides[a].Is(0))).Count();

        /// <summary>Queries that look at one key.</summary>
        public Dim QueriesPerKey => Product(Batch[^SharedAxes..]) * Query.Rows.Extent;

        public bool CanDecode => Query.Columns.Stride.Is(1) && Key.Columns.Stride.Is(1) && Value.Columns.Stride.Is(1);

        public Dim Flops(bool isCausal) => Product(Batch) * Query.Rows.Extent * Key.Rows.Extent * (Query.Columns.Extent + Value.Columns.Extent) * (isCausal ? 1 : 2);
    }

    /// <param name="views">How each value lies in memory.</param>
    /// <param name="result">Where the three gradients go.</param>
    public static void AddGradient(ProgramBuilder program, Node node, ImmutableArray<View> views, BufferRef result)
    {
        var batch = program.Graph.TypeOf(node.Operands[3]).Shape.Dims[..^2];
        StackedMatrix Place(int operand) => StackedMatrix.Of(program, node, operand, batch, views);
        var (query, key, value, flow) = (Place(0), Place(1), Place(2), Place(3));
        var (queries, depth, keys, width) = (query.Rows.Extent, query.Columns.Extent, key.Rows.Extent, value.Columns.Extent);
        var isCausal = node.Attributes.Bool("causal");
        var batches = Product(batch);
        var results = GradientPlaces(node, batch, queries, keys, depth, width);
        var kernels = KernelClass.Of(KernelFamily.AttentionGradient, keys, FewKeys);
        var kernel = new AttentionGradientKernel(batch.Length, isCausal, node.Attributes.Float("scale"), query.Order, key.Order, value.Order, flow.Order)
        {
            Plan = AttentionGradientPlan.Of(program.Tuning.For(kernels)),
        };
        program.AddLaunch(
            kernel,
            kernels,
            [query.Ref, key.Ref, value.Ref, flow.Ref, .. results.Select(r => result with { ByteOffset = result.ByteOffset + (r.Offset * DType.F32.Bytes()) })],
            [
                .. batch, queries, keys, depth, width,
                .. ((StackedMatrix[])[query, key, value, flow]).SelectMany(m => (Dim[])[.. m.Batch, m.Rows.Stride, m.Columns.Stride]),
                .. results.SelectMany(r => r.Strides),
            ],
            batches,
            Dim.One,
            kernel.ScratchBytes(keys, depth, width),
            batches * queries * keys * ((depth * 3) + (width * 2)) * (isCausal ? 1 : 2),
            null,
            $"attention_gradient {new Shape(batch)}[{queries},{depth}]x[{keys},{width}]",
            node.Source);
    }

    // Where each of the three begins, in elements, and its strides: batch axes, rows.
    private static IEnumerable<(Dim Offset, ImmutableArray<Dim> Strides)> GradientPlaces(Node node, ImmutableArray<Dim> batch, Dim queries, Dim keys, Dim depth, Dim width)
    {
        (Dim Rows, Dim Columns)[] matrices = [(queries, depth), (keys, depth), (keys, width)];
        var axes = node.Attributes.Ints("headAxes");
        var all = matrices.Aggregate(Dim.Zero, (sum, m) => sum + (m.Rows * m.Columns));
        var offset = Dim.Zero;
        foreach (var (i, (rows, columns)) in matrices.Index())
        {
            if (axes.IsEmpty)
            {
                yield return (offset, [.. View.DenseStrides(new Shape([.. batch, all])).SkipLast(1), columns]);
                offset += rows * columns;
            }
            else
            {
                yield return (offset, ResultStrides(new Shape([.. batch, rows, columns]), axes[i]));
                offset += Product(batch) * rows * columns;
            }
        }
    }
}
