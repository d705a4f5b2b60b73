using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns 16 rows of 16 lanes into the 16 columns, by four rounds of exchanging halves between pairs of rows.</summary>
internal static class Transpose
{
    private const int Size = 16;

    public static LlvmValue[] Emit(LlvmBuilder b, LlvmValue[] rows)
    {
        var current = rows.ToArray();
        for (var distance = Size / 2; distance >= 1; distance /= 2)
        {
            var next = new LlvmValue[Size];
            for (var row = 0; row < Size; row++)
            {
                if ((row & distance) == 0)
                {
                    // Of each pair of blocks, the upper right and the lower left one change places.
                    int[] low = new int[Size], high = new int[Size];
                    for (var lane = 0; lane < Size; lane++)
                    {
                        var upper = (lane & distance) != 0;
                        low[lane] = upper ? Size + lane - distance : lane;
                        high[lane] = upper ? Size + lane : lane + distance;
                    }

                    next[row] = b.Shuffle(current[row], current[row + distance], low);
                    next[row + distance] = b.Shuffle(current[row], current[row + distance], high);
                }
            }

            current = next;
        }

        return current;
    }
}
