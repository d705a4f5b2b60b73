using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

/// <summary>Convolutions by transformed tiles against the direct sum in double precision.</summary>
public sealed class WinogradTests
{
    /// <summary>Images, height and width of the result, channels, results, padding, tiles and columns of a unit.</summary>
    public static TheoryData<int, int, int, int, int, int, int, int> Sizes { get; } = new()
    {
        { 1, 1, 1, 16, 1, 1, 12, 32 }, { 1, 1, 1, 16, 33, 0, 12, 32 }, { 2, 7, 7, 32, 40, 1, 12, 32 }, { 1, 4, 9, 16, 32, 0, 12, 64 }, { 3, 14, 14, 48, 70, 1, 24, 64 },
        { 1, 13, 6, 16, 64, 1, 36, 32 }, { 5, 2, 3, 16, 16, 1, 12, 32 },
    };

    public static TheoryData<int> Sides { get; } = new(WinogradTransform.Sides);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Tiles_give_the_direct_sum(int images, int height, int width, int channels, int outputs, int padding, int tiles, int columns)
    {
        foreach (var side in WinogradTransform.Sides)
        {
            foreach (var target in KernelRunner.Targets)
            {
                using var layer = new Layer(images, height, width, channels, outputs, padding);
                var result = layer.Run(side, tiles, columns, 2, target.Data);
                layer.Check(result, 1e-5, target.Data);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void The_result_does_not_depend_on_the_tiles_of_a_unit_or_on_the_pieces(int side)
    {
        using var layer = new Layer(3, 14, 14, 32, 100, 1);
        var first = layer.Run(side, 12, 32, 1);
        foreach (var (tiles, columns, grain) in ((int, int, int)[])[(12, 128, 3), (24, 64, 2), (60, 32, 100), (156, 96, 7)])
        {
            Assert.Equal(first, layer.Run(side, tiles, columns, grain));
        }
    }

    /// <summary>As large as the layers of ResNet-50, with images as they come after a rectifier: errors in units of the largest result stay near those of the direct sum.</summary>
    [Theory]
    [InlineData(2, 64)]
    [InlineData(4, 64)]
    [InlineData(2, 512)]
    [InlineData(4, 512)]
    public void Rounding_errors_stay_near_those_of_the_direct_sum(int side, int channels)
    {
        using var layer = new Layer(1, 16, 16, channels, 64, 1);
        var (tiles, direct) = layer.Errors(layer.Run(side, 24, 64, 100));
        Assert.True(tiles < 3 * direct, $"{tiles:E2} of the largest result, {direct:E2} directly");
    }

    [Fact]
    public void Transforms_for_tiles_of_two_are_those_of_the_literature()
    {
        var transform = WinogradTransform.Of(2);
        Assert.Equal([[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]], transform.Image.Select(r => r.ToArray()));
        Assert.Equal([[-1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], transform.Weight.Select(r => r.ToArray()));
        Assert.Equal([[1, 1, 1, 0], [0, 1, -1, 1]], transform.Result.Select(r => r.ToArray()));
    }

    /// <summary>An image with NaN after each row and after the last: what a tile sees beyond the image is zero, whatever lies there in memory.</summary>
    private sealed class Layer : IDisposable
    {
        private readonly (int Images, int Height, int Width, int Channels, int Outputs, int Padding) _size;
        private readonly int _rows, _columns;
        private readonly Block _image, _weights;

        public Layer(int images, int height, int width, int channels, int outputs, int padding)
        {
            _size = (images, height, width, channels, outputs, padding);
            (_rows, _columns) = (height + 2 - (2 * padding), width + 2 - (2 * padding));
            var random = new Random(11);
            _image = new Block(DType.F32, images * ImageStride).Fill(i => i % ImageStride / RowStride < _rows && i % RowStride < _columns * channels ? Math.Max(0, random.NextDouble() - 0.4) : double.NaN);
            _weights = new Block(DType.F32, 9L * channels * outputs).Fill(_ => random.NextDouble() - 0.5);
        }

        private long RowStride => (_columns + 2) * _size.Channels;

        private long ImageStride => (_rows + 2) * RowStride;

        public double[] Run(int side, int tiles, int columns, int grain, string? target = null)
        {
            var (images, height, width, channels, outputs, padding) = _size;
            var (panels, places) = ((outputs + Tile.Columns - 1) / Tile.Columns, (side + 2) * (side + 2));
            using var packed = new Block(DType.F32, (long)panels * Tile.Columns * channels * places);
            _ = KernelRunner.Run(new WinogradPackKernel(side), [_weights, packed], [channels, outputs, 3L * channels * outputs, channels * outputs, outputs, 1], panels * channels, 5, target: target);
            using var result = new Block(DType.F32, (long)images * height * width * outputs).Fill(_ => 0);
            using var bias = new Block(DType.F32, outputs).Fill(o => Bias(o));
            var kernel = new WinogradKernel(
                [new(DType.F32, false), new(DType.F32, false), new(DType.F32, false), new(DType.F32, true)], WinogradKernel.LeadingParameters + 2, side,
                [new AccumulatorNode(DType.F32), new LoadNode(DType.F32, 2, [Stride.Zero, Stride.Zero, Stride.Zero, Stride.One]), new ComputeNode(DType.F32, OpCode.Add, [0, 1])],
                [new Store(3, [Stride.Of(14), Stride.Of(15), Stride.Of(3), Stride.One], 2)]);
            Assert.Empty(LoopVerifier.Problems(kernel));
            long all = images * ((height + side - 1) / side) * ((width + side - 1) / side);
            _ = KernelRunner.Run(
                kernel, [_image, packed, bias, result],
                [
                    images, height, width, outputs, channels, tiles, columns, _rows, _columns, padding, padding, ImageStride, RowStride, channels,
                    (long)height * width * outputs, (long)width * outputs,
                ],
                (all + tiles - 1) / tiles * ((outputs + columns - 1) / columns), grain, WinogradKernel.ScratchBytes(tiles, channels, side).Value, target);
            return result.ToArray();
        }

        public void Check(double[] result, double tolerance, string target)
        {
            for (var i = 0; i < result.Length; i++)
            {
                var sum = Sum(i, 0.0, (s, x, w) => s + (x * w));
                Assert.True(Math.Abs(sum - result[i]) <= tolerance * (1 + Math.Abs(sum)), $"{target}: element {i} is {result[i]}, not {sum}");
            }
        }

        /// <summary>The largest error of a result, and that of sums in f32, in units of the largest result.</summary>
        public (double Tiles, double Direct) Errors(double[] result)
        {
            var exact = result.Select((_, i) => Sum(i, 0.0, (s, x, w) => s + (x * w))).ToArray();
            var direct = result.Select((_, i) => (double)Sum(i, 0f, (s, x, w) => MathF.FusedMultiplyAdd((float)x, (float)w, s))).ToArray();
            var largest = exact.Max(Math.Abs);
            double Worst(double[] values) => values.Zip(exact, (v, e) => Math.Abs(v - e)).Max() / largest;
            return (Worst(result), Worst(direct));
        }

        public void Dispose()
        {
            _image.Dispose();
            _weights.Dispose();
        }

        private static double Bias(long output) => (output % 7) - 3;

        private T Sum<T>(int element, T start, Func<T, double, double, T> add)
        {
            var (_, height, width, channels, outputs, padding) = _size;
            var (place, o) = (element / outputs, element % outputs);
            var (n, top, left) = (place / (height * width), (place / width % height) - padding, (place % width) - padding);
            var sum = start;
            for (var at = 0; at < 9; at++)
            {
                var (y, x) = (top + (at / 3), left + (at % 3));
                for (var c = 0; c < channels && y >= 0 && y < _rows && x >= 0 && x < _columns; c++)
                {
                    sum = add(sum, _image[(n * ImageStride) + (y * RowStride) + (x * channels) + c], _weights[(((at * channels) + c) * outputs) + o]);
                }
            }

            return add(sum, 1, Bias(o));
        }
    }
}
