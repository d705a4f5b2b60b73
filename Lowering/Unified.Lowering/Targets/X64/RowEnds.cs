using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns what is left to compute when the walks along a row are done, and is dear, as a cross-entropy's logarithm, into vectors of sixteen rows: reductions are written down until so many rows are there, or the last one is.
/// </summary>
internal sealed class RowEnds
{
    private const int Lanes = KernelBuilder.Lanes;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly NodeEmitter _all;
    private readonly ImmutableArray<int> _reduced;
    private readonly Store _store;

    private RowEnds(KernelBuilder k, RowKernel kernel, NodeEmitter all, ImmutableArray<int> reduced, Store store) => (_k, _kernel, _all, _reduced, _store) = (k, kernel, all, reduced, store);

    /// <summary>Null: a row stores something else, or it is not worth it.</summary>
    public static RowEnds? Of(KernelBuilder k, RowKernel kernel)
    {
        var stores = kernel.Stages.SelectMany(s => s.Stores).ToList();
        if (!k.HasAvx512 || kernel.Axes != 2 || stores is not [{ Strides: [{ Kind: StrideKind.One }, { Kind: StrideKind.Zero }] } store] || kernel.Buffers[store.Buffer].Type != DType.F32)
        {
            return null;
        }

        // Of a vector along the rows, reductions are all that differs.
        NodeEmitter all = new(k, kernel.Nodes, kernel.Axes, reducedIsVector: true);
        var needed = all.Reach([store.Node]);
        var reduced = needed.Where(n => kernel.Nodes[n] is ReducedNode).ToImmutableArray();
        return reduced.Length is > 0 and <= KernelBuilder.MostNoted && needed.All(n => kernel.Nodes[n] is ReducedNode or ConstantNode or ComputeNode && kernel.Nodes[n].Type == DType.F32)
            && needed.Any(n => kernel.Nodes[n] is ComputeNode compute && Elementwise.Cost(compute.Op, DType.F32) >= kernel.Plan.RememberedCost) ? new(k, kernel, all, reduced, store) : null;
    }

    /// <summary>Whether this is what a row stores.</summary>
    public bool Has(Store store) => store == _store;

    /// <summary>What comes after the walks along neighbours.</summary>
    public void Close(NodeEmitter[] rows)
    {
        LlvmValue lane = default;
        foreach (var row in rows)
        {
            lane = _k.B.And(_k.B.Sub(row.Index(0), _k.Begin), _k.I64(Lanes - 1));
            for (var i = 0; i < _reduced.Length; i++)
            {
                var node = (ReducedNode)_kernel.Nodes[_reduced[i]];
                _k.B.Store(row.Reduced(node.Stage, node.Reduction), _k.B.Gep(_k.Context.F32, _k.Noted(i), lane));
            }
        }

        var last = rows[^1].Index(0);
        _k.If(_k.B.Or(_k.B.ICmp(LlvmIntPredicate.Eq, lane, _k.I64(Lanes - 1)), _k.B.ICmp(LlvmIntPredicate.Eq, last, _k.B.Sub(_k.End, _k.I64(1)))), () =>
        {
            _all.EnterRow([_k.I64(0)]);
            Point at = new(_k.B.Sub(last, lane), _k.LanesBelow(_k.Add(lane, _k.I64(1))));
            for (var i = 0; i < _reduced.Length; i++)
            {
                at.Values[_reduced[i]] = _k.Load(_k.Context.F32, _k.Noted(i), null);
            }

            _all.Store(_store, DType.F32, at);
        });
    }
}
