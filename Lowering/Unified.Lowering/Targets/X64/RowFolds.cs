using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// The reductions of a stage of one or more rows while a loop walks them: some accumulators each, which lie one after the other, and of extrema a mask of the lanes that saw NaN.
/// </summary>
internal sealed class RowFolds
{
    private readonly KernelBuilder _k;
    private readonly Fold[] _folds;
    private readonly int _rows, _slots, _marks;

    // What was given to an extremum and not asked yet whether it is NaN: two are asked at once.
    private readonly Dictionary<int, LlvmValue> _unasked = [];

    /// <param name="k">Where code goes.</param>
    /// <param name="folds">One for each reduction.</param>
    /// <param name="rows">Rows that are walked together.</param>
    /// <param name="slots">Accumulators of each reduction, a power of two.</param>
    public RowFolds(KernelBuilder k, Fold[] folds, int rows, int slots) => (_k, _folds, _rows, _slots, _marks) = (k, folds, rows, slots, rows * folds.Length * slots);

    /// <summary>Values of the state.</summary>
    public int Count => _marks + (_rows * _folds.Length);

    /// <summary>The state that a loop starts with.</summary>
    public LlvmValue[] Start()
    {
        var all = Enumerable.Range(0, _rows * _folds.Length).ToList();
        return [.. all.SelectMany(i => Enumerable.Repeat(FoldOf(i).Identity(_k), _slots)), .. all.Select(_ => _k.Context.I1.Vector(KernelBuilder.Lanes).Zero)];
    }

    /// <summary>Folds a vector into one of a reduction's accumulators.</summary>
    public void Step(LlvmValue[] state, int row, int reduction, int slot, LlvmValue x, LlvmValue? mask)
    {
        var which = (row * _folds.Length) + reduction;
        var (fold, at) = (_folds[reduction], (which * _slots) + slot);
        x = fold.Masked(_k, x, mask);
        state[at] = StepOf(fold)(_k, state[at], x);
        if (!fold.FindsNaNApart(_k))
        {
            return;
        }

        if (!_unasked.Remove(which, out var other))
        {
            _unasked[which] = x;
            return;
        }

        Mark(state, which, other, x);
    }

    /// <summary>Ends a pass of the loop.</summary>
    public void EndPass(LlvmValue[] state)
    {
        foreach (var (which, x) in _unasked)
        {
            Mark(state, which, x, x);
        }

        _unasked.Clear();
    }

    /// <summary>What the reduction has come to.</summary>
    public LlvmValue Total(LlvmValue[] state, int row, int reduction)
    {
        var which = (row * _folds.Length) + reduction;
        var fold = _folds[reduction];
        var step = StepOf(fold);
        var slots = state.AsSpan(which * _slots, _slots).ToArray();
        for (var width = _slots / 2; width >= 1; width /= 2)
        {
            for (var slot = 0; slot < width; slot++)
            {
                slots[slot] = step(_k, slots[slot], slots[slot + width]);
            }
        }

        var total = fold.Across(_k, slots[0], step);
        return fold.FindsNaNApart(_k) ? _k.B.Select(_k.Any(state[_marks + which]), total.Type.Real(double.NaN), total) : total;
    }

    private Func<KernelBuilder, LlvmValue, LlvmValue, LlvmValue> StepOf(Fold fold) => fold.PassesNaN(_k) ? fold.StepOverNaN : fold.Step;

    private Fold FoldOf(int which) => _folds[which % _folds.Length];

    private void Mark(LlvmValue[] state, int which, LlvmValue x, LlvmValue y) =>
        state[_marks + which] = _k.B.Or(state[_marks + which], _k.B.FCmp(LlvmRealPredicate.Uno, x, y));
}
