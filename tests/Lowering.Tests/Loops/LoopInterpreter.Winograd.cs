using System.Collections.Immutable;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.Loops;

/// <summary>Convolutions by transformed tiles.</summary>
internal sealed partial class LoopInterpreter
{
    private void PackTransformed(WinogradPackKernel pack, long unit)
    {
        var transform = WinogradTransform.Of(pack.Side);
        var (channels, outputs) = (parameters[0], parameters[1]);
        var (panel, channel) = Math.DivRem(unit, channels);
        for (var column = 0; column < Tile.Columns; column++)
        {
            var o = (panel * Tile.Columns) + column;
            var places = Both(transform.Weight, (y, x) => o < outputs
                ? buffers[0][(y * parameters[2]) + (x * parameters[3]) + (channel * parameters[4]) + (o * parameters[5])] : 0);
            for (var f = 0; f < transform.Span * transform.Span; f++)
            {
                Set(buffers[1], (((((panel * transform.Span * transform.Span) + f) * channels) + channel) * Tile.Columns) + column, places[f / transform.Span, f % transform.Span]);
            }
        }
    }

    private void Tiles(WinogradKernel winograd, long unit)
    {
        var transform = WinogradTransform.Of(winograd.Side);
        var (side, span) = (transform.Side, transform.Span);
        var (images, height, width, outputs, channels) = (parameters[0], parameters[1], parameters[2], parameters[3], parameters[4]);
        var (perUnit, columnsPerUnit) = (parameters[5], parameters[6]);
        Assert.True(perUnit > 0 && perUnit % Tile.Rows == 0 && columnsPerUnit > 0 && columnsPerUnit % Tile.Columns == 0 && channels % WinogradKernel.Lanes == 0);
        long high = (height + side - 1) / side, wide = (width + side - 1) / side, tiles = images * high * wide;
        var at = Unravel(unit, [(tiles + perUnit - 1) / perUnit, (outputs + columnsPerUnit - 1) / columnsPerUnit]);
        for (var tile = at[0] * perUnit; tile < Math.Min(tiles, (at[0] + 1) * perUnit); tile++)
        {
            var place = Unravel(tile, [images, high, wide]);
            var seen = Enumerable.Range(0, (int)channels).Select(c => Both(transform.Image, (i, j) =>
            {
                long y = (place[1] * side) + i - parameters[9], x = (place[2] * side) + j - parameters[10];
                return y >= 0 && y < parameters[7] && x >= 0 && x < parameters[8]
                    ? buffers[0][(place[0] * parameters[11]) + (y * parameters[12]) + (x * parameters[13]) + c] : 0;
            })).ToList();
            for (var o = at[1] * columnsPerUnit; o < Math.Min(outputs, (at[1] + 1) * columnsPerUnit); o++)
            {
                var start = o / Tile.Columns * span * span * channels * Tile.Columns;
                var result = Both(transform.Result, (i, j) => Enumerable.Range(0, (int)channels).Sum(
                    c => seen[c][i, j] * buffers[1][start + ((((((long)i * span) + j) * channels) + c) * Tile.Columns) + (o % Tile.Columns)]));
                for (var y = place[1] * side; y < Math.Min(height, (place[1] + 1) * side); y++)
                {
                    for (var x = place[2] * side; x < Math.Min(width, (place[2] + 1) * side); x++)
                    {
                        _accumulator = result[y % side, x % side];
                        foreach (var store in winograd.Stores)
                        {
                            Write(winograd.Epilogue, store, [place[0], y, x, o]);
                        }
                    }
                }
            }
        }
    }

    // T d Tᵀ.
    private static double[,] Both(ImmutableArray<ImmutableArray<double>> lines, Func<int, int, double> from)
    {
        var (rows, size) = (lines.Length, lines[0].Length);
        var half = new double[rows, size];
        var result = new double[rows, rows];
        for (var i = 0; i < rows; i++)
        {
            for (var x = 0; x < size; x++)
            {
                half[i, x] = Enumerable.Range(0, size).Sum(y => lines[i][y] * from(y, x));
            }

            for (var j = 0; j < rows; j++)
            {
                result[i, j] = Enumerable.Range(0, size).Sum(x => lines[j][x] * half[i, x]);
            }
        }

        return result;
    }
}
