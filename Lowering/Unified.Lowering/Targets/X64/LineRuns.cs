using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Sixteen lines that begin at equal distances in two runs: line l at <paramref name="First"/> + l · distance, or at <paramref name="Second"/> + l · distance.</summary>
/// <param name="First">Where line 0 would begin, in elements.</param>
/// <param name="IsFirst">The lines of the first run.</param>
/// <param name="Second">Where line 0 would begin if it were of the second run.</param>
/// <param name="IsSecond">The lines of the second run; lines that do not exist are in neither. Null: there is no second run.</param>
/// <param name="Holds">Whether the lines lie so.</param>
internal sealed record LineRuns(LlvmValue First, LlvmValue IsFirst, LlvmValue Second, LlvmValue? IsSecond, LlvmValue Holds)
{
    private const int Lanes = KernelBuilder.Lanes;

    /// <summary>An element of each line, from element number <paramref name="at"/> of the operand on; zero for lines that do not exist. Reads nothing between the lines' elements.</summary>
    /// <param name="step">The distance of lines: one or two elements.</param>
    public Func<LlvmValue, LlvmValue> Loads(KernelBuilder k, LlvmType element, int step)
    {
        // Lines two apart are the even lanes of two vectors.
        var pieces = Enumerable.Range(0, step).Select(p => (First: Mask(k, IsFirst, step, p), Second: IsSecond is { } mask ? Mask(k, mask, step, p) : (LlvmValue?)null)).ToList();
        int[] even = [.. Enumerable.Range(0, Lanes).Select(l => l * step)];
        return at =>
        {
            LlvmValue first = k.B.GepUnchecked(element, at, First), second = k.B.GepUnchecked(element, at, Second);
            var type = element.Vector(Lanes);
            LlvmValue[] all = [.. pieces.Select((masks, p) =>
            {
                LlvmValue From(LlvmValue run, LlvmValue mask, LlvmValue otherwise) =>
                    k.B.MaskedLoad(type, k.B.GepUnchecked(element, run, k.I64(p * Lanes)), Numbers.Bytes(element), mask, otherwise);
                var read = From(first, masks.First, type.Zero);
                return masks.Second is { } mask ? From(second, mask, read) : read;
            })];
            return step == 1 ? all[0] : k.B.Shuffle(all[0], all[1], even);
        };
    }

    // Piece `piece` of the lines' mask with `step` - 1 unset lanes after each.
    private static LlvmValue Mask(KernelBuilder k, LlvmValue mask, int step, int piece)
    {
        var none = mask.Type.Zero;
        return step == 1 ? mask : k.B.Shuffle(mask, none, [.. Enumerable.Range(0, Lanes).Select(l => l % step == 0 ? ((piece * Lanes) + l) / step : Lanes)]);
    }
}
