using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>A kernel under construction: nodes without repetition, buffers, reductions and stores.</summary>
internal sealed class DraftKernel
{
    private readonly List<DraftNode> _nodes = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<DraftBuffer> _buffers = [];
    private readonly List<int> _depths = [];
    private readonly List<ImmutableSortedSet<int>> _atoms = [];
    private readonly List<DraftReduction> _reductions = [];
    private readonly List<DraftStore> _stores = [];

    public IReadOnlyList<DraftNode> Nodes => _nodes;

    public IReadOnlyList<DraftBuffer> Buffers => _buffers;

    public IReadOnlyList<DraftReduction> Reductions => _reductions;

    public IReadOnlyList<DraftStore> Stores => _stores;

    /// <summary>The atoms that a node's value changes along.</summary>
    public ImmutableSortedSet<int> AtomsOf(int node) => _atoms[node];

    public int Add(DraftNode node)
    {
        var key = node is DraftCompute compute ? $"{compute.Op} {compute.Type} {string.Join(',', compute.Inputs)}" : Key(node);
        if (_numbers.TryGetValue(key, out var number))
        {
            return number;
        }

        _nodes.Add(node);
        _depths.Add(node is DraftReduced reduced ? reduced.Stage + 1 : node.Operands.Select(o => _depths[o]).DefaultIfEmpty(0).Max());
        var own = node switch
        {
            DraftIndex index => index.Index.Terms.Keys,
            DraftLoad load => load.Address.Terms.Keys,
            DraftGather gather => gather.Address.Terms.Keys,
            _ => [],
        };
        _atoms.Add([.. own.Concat(node.Operands.SelectMany(o => _atoms[o]))]);
        return _numbers[key] = _nodes.Count - 1;
    }

    /// <summary>An op on nodes.</summary>
    public int Compute(DType type, OpCode op, params ReadOnlySpan<int> operands) => Add(new DraftCompute(type, op, [.. operands]));

    /// <summary>A load from an address relative to the storage's start.</summary>
    public int Load(DType type, int storage, Affine address) =>
        Add(new DraftLoad(type, Buffer(new DraftBuffer(storage, address.Offset, type, false)), address.WithoutOffset));

    public int Gather(DType type, int storage, Affine address, int index, Dim indexStride, Dim extent) =>
        Add(new DraftGather(type, Buffer(new DraftBuffer(storage, address.Offset, type, false)), address.WithoutOffset, index, indexStride, extent));

    /// <summary>Folds a node in the first stage that has all it needs.</summary>
    public int Reduce(DType type, OpCode op, int node, ImmutableSortedSet<int> atoms)
    {
        var stage = _depths[node];
        var found = _reductions.FirstOrDefault(r => r.Op == op && r.Node == node);
        if (found is null)
        {
            found = new DraftReduction(op, node, stage, _reductions.Count(r => r.Stage == stage));
            _reductions.Add(found);
        }

        var reduced = Add(new DraftReduced(type, found.Stage, found.Number));
        _atoms[reduced] = atoms;
        return reduced;
    }

    public void Store(DType type, int storage, Affine address, int node) =>
        _stores.Add(new DraftStore(Buffer(new DraftBuffer(storage, address.Offset, type, true)), address.WithoutOffset, node, _depths[node]));

    /// <summary>A buffer argument before all others.</summary>
    public int Buffer(DraftBuffer buffer)
    {
        var found = _buffers.IndexOf(buffer);
        if (found >= 0)
        {
            return found;
        }

        _buffers.Add(buffer);
        return _buffers.Count - 1;
    }

    /// <summary>All that moves along the axes: these must agree where axes are merged.</summary>
    public IEnumerable<Affine> Accesses => _nodes.Select(n => n switch
    {
        DraftIndex index => index.Index,
        DraftLoad load => load.Address,
        DraftGather gather => gather.Address,
        _ => null,
    }).OfType<Affine>().Concat(_stores.Select(s => s.Address));

    public ImmutableArray<KernelBuffer> KernelBuffers => [.. _buffers.Select(b => new KernelBuffer(b.Type, b.IsWritten))];

    private static string Key(DraftNode node) => node switch
    {
        DraftConstant c => $"c {c.Type} {BitConverter.DoubleToInt64Bits(c.Value)}",
        DraftSize s => $"s {s.Value}",
        DraftIndex i => $"i {i.Index}",
        DraftLoad l => $"l {l.Type} {l.Buffer} {l.Address}",
        DraftGather g => $"g {g.Type} {g.Buffer} {g.Address} {g.Index} {g.IndexStride} {g.Extent}",
        DraftUniform u => $"u {u.Type} {u.Seed} {u.Offset} {u.Counter}",
        DraftReduced r => $"r {r.Type} {r.Stage} {r.Reduction}",
        _ => $"a {node.Type}",
    };
}
