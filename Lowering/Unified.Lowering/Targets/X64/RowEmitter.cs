using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a row kernel into a loop over rows; in each row, stage by stage, a loop over vectors of the inner axis: unrolled while
/// whole vectors are left, masked at the end. Sums have several accumulators, which hides latency and keeps errors small.
/// </summary>
internal sealed class RowEmitter
{
    private const int Lanes = KernelBuilder.Lanes;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly NodeEmitter _nodes;

    private RowEmitter(KernelBuilder k, RowKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _nodes = new NodeEmitter(k, kernel.Nodes, kernel.Axes, reducedIsVector: false);
    }

    public static void Emit(KernelBuilder k, RowKernel kernel) => new RowEmitter(k, kernel).Emit();

    private void Emit()
    {
        if (_kernel.Axes == 1 && _kernel.Stages.All(s => s.Reductions.IsEmpty))
        {
            _nodes.EnterRow([]);
            EmitStages(_k.Begin, _k.End);
            return;
        }

        LlvmValue[] extents = [.. Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter)];
        _k.Loop(_k.Begin, _k.End, 1, row =>
        {
            _nodes.EnterRow(_k.Unravel(row, extents));
            EmitStages(_k.I64(0), _k.Parameter(_kernel.Axes - 1));
        });
    }

    private void EmitStages(LlvmValue begin, LlvmValue end)
    {
        for (var stage = 0; stage < _kernel.Stages.Length; stage++)
        {
            EmitStage(stage, begin, end);
        }
    }

    private void EmitStage(int number, LlvmValue begin, LlvmValue end)
    {
        var stage = _kernel.Stages[number];
        Fold[] folds = [.. stage.Reductions.Select(r => new Fold(r.Op, _kernel.Nodes[r.Node].Type))];
        var single = stage.Stores.Where(IsSingle).ToList();
        var every = stage.Stores.Where(s => !IsSingle(s)).ToList();
        int[] roots = [.. stage.Reductions.Select(r => r.Node), .. every.Select(s => s.Node)];
        if (roots.Length > 0)
        {
            _nodes.Prepare(roots, every);
            var totals = EmitLoops(stage, folds, every, roots, begin, end);
            for (var r = 0; r < folds.Length; r++)
            {
                _nodes.SetReduced(number, r, folds[r].Across(_k, totals[r]));
            }
        }

        foreach (var store in single)
        {
            _nodes.StoreScalar(store, _kernel.Buffers[store.Buffer].Type);
        }
    }

    private bool IsSingle(Store store) => store.Strides[^1].Kind == StrideKind.Zero && _nodes.IsRowConstant(store.Node);

    private LlvmValue[] EmitLoops(Stage stage, Fold[] folds, List<Store> stores, int[] roots, LlvmValue begin, LlvmValue end)
    {
        var unroll = Unroll(roots);
        var accumulators = new LlvmValue[folds.Length * unroll];
        for (var i = 0; i < accumulators.Length; i++)
        {
            accumulators[i] = folds[i / unroll].Identity(_k);
        }

        var count = _k.B.Sub(end, begin);
        var whole = _k.Add(begin, _k.B.And(count, _k.I64(-(long)Lanes * unroll)));
        accumulators = _k.Loop(begin, whole, Lanes * unroll, accumulators, (first, state) =>
        {
            var next = state.ToArray();
            for (var u = 0; u < unroll; u++)
            {
                EmitPoint(stage, folds, stores, new Point(_k.Add(first, _k.I64(u * Lanes)), null), next, unroll, u);
            }

            return next;
        });

        accumulators = _k.Loop(whole, end, Lanes, accumulators, (first, state) =>
        {
            var next = state.ToArray();
            EmitPoint(stage, folds, stores, new Point(first, _k.LanesBelow(_k.B.Sub(end, first))), next, unroll, 0);
            return next;
        });

        var totals = new LlvmValue[folds.Length];
        for (var r = 0; r < folds.Length; r++)
        {
            for (var width = unroll / 2; width >= 1; width /= 2)
            {
                for (var u = 0; u < width; u++)
                {
                    var at = (r * unroll) + u;
                    accumulators[at] = folds[r].Step(_k, accumulators[at], accumulators[at + width]);
                }
            }

            totals[r] = accumulators[r * unroll];
        }

        return totals;
    }

    private void EmitPoint(Stage stage, Fold[] folds, List<Store> stores, Point point, LlvmValue[] accumulators, int unroll, int slot)
    {
        for (var r = 0; r < folds.Length; r++)
        {
            var at = (r * unroll) + slot;
            accumulators[at] = folds[r].Step(_k, accumulators[at], _nodes.Vector(stage.Reductions[r].Node, point), point.Mask);
        }

        foreach (var store in stores)
        {
            _nodes.Store(store, _kernel.Buffers[store.Buffer].Type, point);
        }
    }

    /// <summary>Small bodies are repeated, so that latencies overlap and the loop's own work is shared.</summary>
    private int Unroll(int[] roots)
    {
        var cost = _nodes.Reach(roots).Where(n => !_nodes.IsRowConstant(n)).Sum(n => _kernel.Nodes[n] switch
        {
            ComputeNode compute => Elementwise.Cost(compute.Op, _kernel.Nodes[compute.Operands[^1]].Type),
            UniformNode => 150,
            GatherNode => 20,
            LoadNode load when load.Strides[^1].Kind == StrideKind.Parameter => 20,
            _ => 1,
        });
        return cost switch { <= 8 => 4, <= 32 => 2, _ => 1 };
    }
}
