using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a contraction group into a pack of the right operand and a product kernel with the group's other members as its epilogue.</summary>
internal sealed class BuildContraction(GroupTable groups)
{
    // Rows of A that a unit packs: enough to make the most of each panel of B, few enough for the second-level cache.
    private const int CachedElements = 96 * 1024;
    private const int MostRows = 8 * Tile.Rows;
    private const int Units = 16;

    private readonly Dictionary<string, (int Storage, ScheduledLaunch Launch)> _packed = new(StringComparer.Ordinal);

    private GraphContext Graph => groups.Graph;

    /// <summary>The pack, unless an equal one was made before, and the product.</summary>
    public IEnumerable<ScheduledLaunch> Build(FusionGroup group)
    {
        var node = group.Node!;
        var type = Graph.TypeOf(node.Results[0]).DType;
        var draft = new DraftKernel();
        var (addressA, addressB, k) = Addresses(group, node);
        var a = draft.Buffer(new DraftBuffer(groups.Layouts[node.Operands[0]].Storage, addressA.Offset, type, false));
        var packed = draft.Buffer(new DraftBuffer(-1, Dim.Zero, type, false));
        var writer = new WriteNodes(groups, group, draft);
        BuildLoops.WriteStores(groups, group, writer, draft);
        if (draft.Stores.Count == 0)
        {
            yield break;
        }

        var (addressOfA, addressOfB) = (addressA.WithoutOffset, addressB.WithoutOffset);
        var (batch, m, n) = Lay(group, node, draft, addressOfA, addressOfB);
        var depth = Graph.Atoms[k];
        var pack = Pack(node, type, batch, n, depth, addressOfB, addressB.Offset, k);
        if (pack.IsNew)
        {
            yield return pack.Launch;
        }

        var rows = batch.Aggregate(m.Extent, (x, axis) => x * axis.Extent);
        var perUnit = RowsPerUnit(m.Extent, rows, depth);
        ImmutableArray<LaidAxis> axes = [.. batch, m, n];
        Dim[] parameters =
        [
            .. batch.Select(x => x.Extent), m.Extent, n.Extent, depth, perUnit,
            .. batch.Select(x => x.StrideOf(addressOfA)), m.StrideOf(addressOfA), addressOfA[k],
            .. pack.Strides,
        ];
        var finish = new FinishKernel(draft, axes, parameters);
        var stores = draft.Stores.Select(finish.Finish).ToImmutableArray();
        var order = addressOfA[k].Is(1) ? MatrixOrder.KInner : m.StrideOf(addressOfA).Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        var kernel = new ContractionKernel(draft.KernelBuffers, finish.Parameters.Length, type, batch.Length, order, finish.Nodes, stores);
        ImmutableArray<StorageRef> buffers =
        [
            .. draft.Buffers.Select((b, i) => i == packed ? new StorageRef(pack.Storage, Dim.Zero) : new StorageRef(b.Storage, b.Offset)),
        ];
        var size = rows * n.Extent;
        _ = a;
        yield return new ScheduledLaunch(
            Labels.OfProduct(
                Graph.ShapeOf(node.Operands[0]), Graph.ShapeOf(node.Operands[1]), node.Attributes.Bool("transposeA"), node.Attributes.Bool("transposeB"), writer.Names),
            kernel, buffers, finish.Parameters, batch.Aggregate(Dim.CeilDiv(m.Extent, perUnit), (x, axis) => x * axis.Extent), Dim.One,
            Tile.ScratchBytes(perUnit, depth, type), (size * depth * 2) + Costs.Flops(draft, Graph.Atoms),
            Costs.Traffic(draft, Graph.Atoms) + (Points(addressOfA) * type.Bytes()) + pack.Bytes, node.Source);
    }

    private Dim Points(Affine address) => address.Terms.Keys.Aggregate(Dim.One, (size, atom) => size * Graph.Atoms[atom]);

    /// <summary>Where the operands' elements lie, over the group's atoms and one more for the summed axis.</summary>
    private (Affine A, Affine B, int K) Addresses(FusionGroup group, Node node)
    {
        var (x, y) = (node.Operands[0], node.Operands[1]);
        var (transposeA, transposeB) = (node.Attributes.Bool("transposeA"), node.Attributes.Bool("transposeB"));
        var result = group.Maps[node.Results[0]].Indices(Graph.Atoms);
        var k = Graph.Atoms.Add(Graph.ShapeOf(x) is var shape && transposeA ? shape[shape.Rank - 2] : shape[shape.Rank - 1]);
        return (
            Address(x, transposeA ? [Affine.Of(k), result[^2]] : [result[^2], Affine.Of(k)]),
            Address(y, transposeB ? [result[^1], Affine.Of(k)] : [Affine.Of(k), result[^1]]),
            k);

        Affine Address(int operand, ImmutableArray<Affine> matrix)
        {
            var from = Graph.ShapeOf(operand);
            var batch = from.Take(from.Rank - 2).Select((d, i) => d.Is(1) ? Affine.Zero : result[i + result.Length - from.Rank]);
            return groups.Layouts[operand].Address([.. batch, .. matrix]);
        }
    }

    // What only A knows joins its rows, as far as it lies evenly; all else stays batch.
    private (ImmutableArray<LaidAxis> Batch, LaidAxis M, LaidAxis N) Lay(FusionGroup group, Node node, DraftKernel draft, Affine a, Affine b)
    {
        var map = group.Maps[node.Results[0]];
        var lay = new LayAxes(Graph.Atoms, [.. draft.Accesses, a, b]);
        var columns = lay.Merge(map.Axes[^1]);
        var rows = lay.Merge(map.Axes[^2]).ToList();
        var batch = lay.Merge(map.Axes[..^2].SelectMany(x => x)).ToList();
        if (rows.Count == 0 && batch.FindLastIndex(x => x.StrideOf(b).Is(0)) is var shared && shared >= 0)
        {
            rows.Add(batch[shared]);
            batch.RemoveAt(shared);
        }

        // Merging over the border of batch and rows is the same rule: B's stride is zero on both sides of it, or there is no merging.
        var all = lay.Merge([.. batch.Concat(rows).SelectMany(x => x.Atoms)]).ToList();
        var m = rows.Count == 0 ? new LaidAxis([], Dim.One) : all[^1];
        if (rows.Count > 0)
        {
            all.RemoveAt(all.Count - 1);
        }

        return ([.. all], m, columns.IsEmpty ? new LaidAxis([], Dim.One) : columns[^1]);
    }

    private (bool IsNew, ScheduledLaunch Launch, int Storage, ImmutableArray<Dim> Strides, Dim Bytes) Pack(
        Node node, DType type, ImmutableArray<LaidAxis> batch, LaidAxis n, Dim depth, Affine b, Dim offset, int k)
    {
        var own = batch.Where(x => !x.StrideOf(b).Is(0)).ToImmutableArray();
        var matrix = Dim.RoundUp(n.Extent, Tile.Columns) * depth;
        var strides = new Dim[batch.Length];
        var next = matrix;
        for (var axis = batch.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = own.Contains(batch[axis]) ? next : Dim.Zero;
            next = own.Contains(batch[axis]) ? next * batch[axis].Extent : next;
        }

        var order = b[k].Is(1) ? MatrixOrder.KInner : n.StrideOf(b).Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        ImmutableArray<Dim> parameters =
        [
            .. own.Select(x => x.Extent), depth, n.Extent, .. own.Select(x => x.StrideOf(b)), b[k], n.StrideOf(b),
        ];
        var source = groups.Layouts[node.Operands[1]].Storage;
        var key = $"{source}+{offset} {order}: {string.Join(", ", parameters)}";
        if (_packed.TryGetValue(key, out var made))
        {
            return (false, made.Launch, made.Storage, [.. strides], next * type.Bytes());
        }

        var storage = Graph.NewStorage(new TensorType(type, Shape.From(next)));
        var panels = Dim.CeilDiv(n.Extent, Tile.Columns);
        var launch = new ScheduledLaunch(
            $"pack {Graph.ShapeOf(node.Operands[1])}", new PackKernel(type, own.Length, order), [new(source, offset), new(storage, Dim.Zero)], parameters,
            own.Aggregate(panels, (x, axis) => x * axis.Extent), Costs.GrainOf(depth * Tile.Columns), Dim.Zero, Dim.Zero,
            (Points(b) + next) * type.Bytes(), node.Source);
        _packed[key] = (storage, launch);
        return (true, launch, storage, [.. strides], next * type.Bytes());
    }

    private static Dim RowsPerUnit(Dim m, Dim allRows, Dim depth)
    {
        var most = depth.IsConstant ? Math.Clamp(CachedElements / Math.Max(depth.Value, 1) / Tile.Rows, 1, MostRows / Tile.Rows) * Tile.Rows : MostRows / 2;
        var spread = Dim.RoundUp(Dim.Max(1, Dim.CeilDiv(allRows, Units)), Tile.Rows);
        return Dim.Min(Dim.Min(most, spread), Dim.Max(Tile.Rows, Dim.RoundUp(m, Tile.Rows)));
    }
}
