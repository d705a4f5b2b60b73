using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a pack kernel into loops over (batch, panel of B); a panel is two stripes of 16 columns. Where columns are neighbours in memory, several panels are packed in one walk
/// along k, so that a row is read in one piece.
/// </summary>
internal sealed class PackEmitter
{
    private const int PanelsBeside = PackKernel.PanelsBeside;

    private const int Stripes = Tile.Columns / KernelBuilder.Lanes;

    private readonly KernelBuilder _k;
    private readonly PackKernel _kernel;
    private readonly (LlvmValue Extent, LlvmValue Stride)[] _axes;
    private readonly LlvmType _element;
    private readonly LlvmType _packed;
    private readonly LlvmValue _panelSize;
    private bool _isStreamed;

    private PackEmitter(KernelBuilder k, PackKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _axes = [.. Enumerable.Range(0, DepthAxes).Select(i => (k.Parameter(Batch + i), k.Parameter((2 * Batch) + DepthAxes + 1 + i)))];
        (_element, _packed) = (k.ElementOf(0), k.ElementOf(1));
        var depth = _axes.Select(a => a.Extent).Aggregate(k.Mul);
        _panelSize = k.Mul(kernel.Group == 1 ? depth : k.Mul(k.CeilDiv(depth, kernel.Group), k.I64(kernel.Group)), k.I64(Tile.Columns));
    }

    private int Batch => _kernel.BatchAxes;

    private int DepthAxes => _kernel.DepthAxes;

    private LlvmValue Columns => _k.Parameter(Batch + DepthAxes);

    private LlvmValue ColumnStride => _k.Parameter((2 * Batch) + (2 * DepthAxes) + 1);

    public static void Emit(KernelBuilder k, PackKernel kernel) => new PackEmitter(k, kernel).Emit();

    private void Emit()
    {
        var size = Numbers.Bytes(_packed);
        if (size * _kernel.Group * KernelBuilder.Lanes % KernelBuilder.Line != 0)
        {
            EmitPanels();
            return;
        }

        // Others read the panels soon: those that do not fit in a cache near them are not kept in one here.
        var panels = Enumerable.Range(0, Batch).Select(_k.Parameter).Aggregate(_k.CeilDiv(Columns, Tile.Columns), _k.Mul);
        var bytes = _k.Mul(_k.Mul(panels, _panelSize), _k.I64(size));
        var place = _k.B.And(_k.B.PtrToInt(_k.Buffer(1), _k.Context.I64), _k.I64(KernelBuilder.Line - 1));
        void EmitStreamed(bool isStreamed)
        {
            _isStreamed = isStreamed;
            EmitPanels();
        }

        _k.If(
            _k.B.And(_k.B.ICmp(LlvmIntPredicate.Sge, bytes, _k.I64(_kernel.Plan.StreamedBytes)), _k.B.ICmp(LlvmIntPredicate.Eq, place, _k.I64(0))),
            () => EmitStreamed(true), () => EmitStreamed(false));
    }

    private void EmitPanels() => _k.Loop(_k.Begin, _k.End, 1, unit =>
    {
        var indices = _k.Unravel(unit, [.. Enumerable.Range(0, Batch).Select(_k.Parameter), _k.CeilDiv(Columns, Tile.Columns)]);
        var first = _k.Mul(indices[^1], _k.I64(Tile.Columns));
        var offset = _k.Mul(first, ColumnStride);
        for (var axis = 0; axis < Batch; axis++)
        {
            offset = _k.Add(offset, _k.Mul(indices[axis], _k.Parameter(Batch + DepthAxes + 1 + axis)));
        }

        // Panels of all batches follow each other without gaps: the unit's number is the panel's.
        var source = _k.B.GepUnchecked(_element, _k.Buffer(0), offset);
        var target = _k.B.Gep(_packed, _k.Buffer(1), _k.Mul(unit, _panelSize));
        var count = _k.B.Sub(Columns, first);
        if (_kernel.Order != MatrixOrder.KOuter)
        {
            EmitByStripes(source, count, target);
            return;
        }

        // Whole panels are packed with their neighbours, by the first of them.
        var place = _k.B.URem(indices[^1], _k.I64(PanelsBeside));
        var start = _k.B.Sub(unit, place);
        var isBeside = _k.B.And(
            _k.B.And(_k.B.ICmp(LlvmIntPredicate.Sge, start, _k.Begin), _k.B.ICmp(LlvmIntPredicate.Sle, _k.Add(start, _k.I64(PanelsBeside)), _k.End)),
            _k.B.ICmp(LlvmIntPredicate.Sge, _k.Add(count, _k.Mul(place, _k.I64(Tile.Columns))), _k.I64(PanelsBeside * Tile.Columns)));
        _k.If(
            isBeside,
            () => _k.If(_k.B.ICmp(LlvmIntPredicate.Eq, place, _k.I64(0)), () => EmitBeside(source, null, target, PanelsBeside)),
            () => EmitBeside(source, count, target, 1));
    });

    private void EmitBeside(LlvmValue source, LlvmValue? count, LlvmValue target, int panels)
    {
        LlvmValue[] targets = [.. from panel in Enumerable.Range(0, panels) from stripe in Enumerable.Range(0, Stripes)
            select Stripe(_k.B.Gep(_packed, target, _k.Mul(_panelSize, _k.I64(panel))), stripe)];
        if (_kernel.Group == 1)
        {
            Writer.EmitBeside(source, count, _axes, targets);
        }
        else
        {
            Groups.EmitBeside(source, count, _axes[0], targets);
        }
    }

    private void EmitByStripes(LlvmValue source, LlvmValue count, LlvmValue target)
    {
        var lines = PanelLines.Apart(_k, ColumnStride);
        for (var stripe = 0; stripe < Stripes; stripe++)
        {
            var from = _k.B.GepUnchecked(_element, source, _k.Mul(ColumnStride, _k.I64(stripe * KernelBuilder.Lanes)));
            var left = _k.B.Sub(count, _k.I64(stripe * KernelBuilder.Lanes));
            if (_kernel.Group == 1)
            {
                Writer.Emit(from, lines, left, KernelBuilder.Lanes, _axes, Stripe(target, stripe));
            }
            else
            {
                Groups.Emit(from, lines, left, KernelBuilder.Lanes, _axes[0], Stripe(target, stripe));
            }
        }
    }

    private PanelWriter Writer => new(_k, _kernel.From ?? _kernel.Type, Convert: _kernel.From is not null, _kernel.Order, Tile.Columns) { IsStreamed = _isStreamed, RowsAhead = _kernel.Plan.RowsAhead };

    private GroupWriter Groups => new(_k, _kernel.Order, Tile.Columns, _kernel.Group) { IsRounded = _kernel.From is not null, IsStreamed = _isStreamed, RowsAhead = _kernel.Plan.RowsAhead };

    private LlvmValue Stripe(LlvmValue panel, int stripe) => _k.B.Gep(_packed, panel, _k.I64(stripe * KernelBuilder.Lanes * _kernel.Group));
}
