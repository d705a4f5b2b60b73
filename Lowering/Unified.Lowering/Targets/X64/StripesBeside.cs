using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Neighbouring stripes of 16 lines each whose elements of one k lie in one piece.</summary>
internal sealed class StripesBeside
{
    private readonly KernelBuilder _k;
    private readonly LlvmType _element;
    private readonly LlvmValue[]? _masks;
    private readonly int _stripes;
    private readonly int _rowsAhead;

    /// <param name="count">How many lines there are; null: all.</param>
    /// <param name="rowsAhead">How many rows before their use they are asked for; 0: not.</param>
    public StripesBeside(KernelBuilder k, LlvmType element, LlvmValue? count, int stripes, int rowsAhead)
    {
        (_k, _element, _stripes, _rowsAhead) = (k, element, stripes, rowsAhead);
        _masks = count is { } lines
            ? [.. Enumerable.Range(0, stripes).Select(i => k.LanesBelow(k.Min(k.B.Sub(lines, k.I64(i * KernelBuilder.Lanes)), k.I64(KernelBuilder.Lanes))))]
            : null;
    }

    /// <summary>Asks for the row some k further on.</summary>
    /// <param name="row">The elements of one k.</param>
    /// <param name="stride">Elements from one k to the next.</param>
    public void AskFor(LlvmValue row, LlvmValue stride)
    {
        if (_rowsAhead == 0)
        {
            return;
        }

        var ahead = _k.B.GepUnchecked(_element, row, _k.Mul(stride, _k.I64(_rowsAhead)));
        for (var element = 0; element < _stripes * KernelBuilder.Lanes; element += KernelBuilder.Line / Numbers.Bytes(_element))
        {
            _k.Prefetch(_k.B.GepUnchecked(_element, ahead, _k.I64(element)), isWritten: false, KernelBuilder.FirstLevel);
        }
    }

    /// <summary>A stripe's elements of one k.</summary>
    public LlvmValue Load(LlvmValue row, int stripe) =>
        _k.Load(_element, _k.B.GepUnchecked(_element, row, _k.I64(stripe * KernelBuilder.Lanes)), _masks?[stripe]);
}
