using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

/// <summary>Few rows of f32 times whole numbers of 4 and 8 bits, which are multiplied digit by digit where the machine can.</summary>
public class DigitRowsTests
{
    private const long Columns = 305, Panels = 10;

    /// <summary>Of a row, what is lost is at most a part in 2²³ of the largest number of each block of 128, or group.</summary>
    [Theory]
    [InlineData(1, 37, 0)]
    [InlineData(1, 128, 0)]
    [InlineData(1, 300, 0)]
    [InlineData(2, 200, 8)]
    [InlineData(2, 192, 64)]
    public void Sums_are_as_near_as_the_largest_of_a_block_allows(int perByte, long k, long length)
    {
        // Three sizes of numbers, and blocks that are far apart.
        double Fill(long i) => Agreement.Fraction(i) * Math.Pow(2, ((i / 5 % 3) - 1) * 6) * (i / 128 % 2 == 0 ? 1 : 1e-12);
        Check(perByte, k, length, 4, Fill, slack: 1.0 / (1 << 23));
    }

    /// <summary>Numbers that have no digits are multiplied as they are: very large and small ones, and those of which a product is infinite or none.</summary>
    [Theory]
    [InlineData(1, 0, 1e35)]
    [InlineData(2, 64, 1e35)]
    [InlineData(1, 0, 1e-36)]
    [InlineData(2, 64, 1e-36)]
    [InlineData(1, 0, double.PositiveInfinity)]
    [InlineData(2, 64, double.NegativeInfinity)]
    [InlineData(1, 0, double.NaN)]
    [InlineData(2, 64, double.NaN)]
    [InlineData(1, 0, 0)]
    [InlineData(2, 64, 0)]
    public void Every_number_is_multiplied(int perByte, long length, double odd) =>
        Check(perByte, 128, length, 3, i => i == 70 ? odd : odd == 0 ? 0 : Agreement.Fraction(i) * (Math.Abs(odd) < 1 ? odd : 1), slack: 1e-6);

    /// <summary>A row gives the same bits alone and beside others, and however the columns are divided.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 64)]
    public void A_row_gives_the_same_bits_alone_and_beside_others(int perByte, long length)
    {
        const long K = 192;
        using var operands = new Operands(perByte, K, length, 4, Agreement.Fraction);
        foreach (var target in KernelRunner.Targets)
        {
            // Elsewhere a row alone has room for the sums of groups, and four scale the numbers.
            if (perByte == 2 && !TargetCpu.Parse(target.Data).Has("avx512vnni"))
            {
                continue;
            }

            var all = operands.Product(target.Data, 4, 32);
            foreach (var rows in (long[])[1, 2, 3])
            {
                foreach (var panels in (long[])[10, 6, 4])
                {
                    Assert.Equal(all[..(int)(rows * Columns)], operands.Product(target.Data, rows, panels * Tile.Columns));
                }
            }
        }
    }

    private static void Check(int perByte, long k, long length, long rows, Func<long, double> fill, double slack)
    {
        using var operands = new Operands(perByte, k, length, rows, fill);
        foreach (var target in KernelRunner.Targets)
        {
            var c = operands.Product(target.Data, rows, 160);
            for (var i = 0L; i < rows * Columns; i++)
            {
                var (wanted, bound) = operands.Sum(i / Columns, i % Columns);
                if (double.IsFinite(wanted))
                {
                    Assert.True(Math.Abs(wanted - c[i]) <= slack * bound, $"{target.Data}: element {i} is {c[i]}, not {wanted}");
                }
                else
                {
                    Assert.Equal(wanted, c[i]);
                }
            }
        }
    }

    private sealed class Operands : IDisposable
    {
        private readonly int _perByte;
        private readonly long _k;
        private readonly long _length;
        private readonly Block _a;
        private readonly Block _b;
        private readonly Block _scale;

        public Operands(int perByte, long k, long length, long rows, Func<long, double> fill)
        {
            (_perByte, _k, _length) = (perByte, k, length);
            _a = new Block(DType.F32, rows * k).Fill(fill);
            _b = new Block(perByte == 2 ? DType.U8 : DType.I8, Columns * k / perByte).Fill(i => perByte == 2 ? i * 37 % 256 : (i * 37 % 256) - 128);
            _scale = new Block(DType.F32, Columns * Math.Max(1, Groups)).Fill(i => Agreement.Fraction(i + 5) / 8);
        }

        private long Groups => _length == 0 ? 0 : _k / _length;

        private long Bytes => _k / _perByte;

        public double[] Product(string target, long rows, long columnsPerUnit)
        {
            var type = _perByte == 2 ? DType.U8 : DType.I8;
            KernelBuffer[] operands = _length == 0 ? [new(DType.F32, false), new(type, false)] : [new(DType.F32, false), new(type, false), new(DType.F32, false)];
            long[] parameters = [rows, Columns, _k, 24, columnsPerUnit, _k, 1, .. _length == 0 ? (long[])[] : [_length], Columns];
            var kernel = new ContractionKernel(
                [.. operands, new(DType.F32, true)], parameters.Length, DType.F32, 0, MatrixOrder.KInner,
                [new AccumulatorNode(DType.F32)], [new Store(operands.Length, [Stride.Of(parameters.Length - 1), Stride.One], 0)])
            {
                Scaled = _length == 0 ? null : new ScaledGroups(_perByte),
                Group = 4,
                Rows = RowCount.Few,
            };
            Assert.Empty(LoopVerifier.Problems(kernel));
            using var packed = new Block(type, (Panels * Tile.Columns * ((Bytes + 3) / 4 * 4)) + ScaledGroups.ReadBeyond);
            using var scales = new Block(DType.F32, Panels * Tile.Columns * Math.Max(1, Groups));
            using var c = new Block(DType.F32, rows * Columns).Fill(_ => 0);
            _ = KernelRunner.Run(new PackKernel(type, 0, MatrixOrder.KInner) { Group = 4 }, [_b, packed], [Bytes, Columns, 1, Bytes], Panels, 2, target: target);
            if (_length != 0)
            {
                _ = KernelRunner.Run(new PackKernel(DType.F32, 0, MatrixOrder.KInner), [_scale, scales], [Groups, Columns, 1, Groups], Panels, 2, target: target);
            }

            Block[] buffers = _length == 0 ? [_a, packed, c] : [_a, packed, scales, c];
            _ = KernelRunner.Run(kernel, buffers, parameters, (Columns + columnsPerUnit - 1) / columnsPerUnit, 2, Tile.ScratchBytes(24, _k, DType.F32).Value, target);
            return c.ToArray();
        }

        /// <summary>The sum, and the same of the weights' magnitudes times the largest number of their block, with what f32 loses to rounding sums.</summary>
        public (double Sum, double Bound) Sum(long row, long column)
        {
            double sum = 0, bound = 0;
            var block = _length == 0 ? 128 : _length;
            for (var first = 0L; first < _k; first += block)
            {
                double most = 0, weights = 0;
                for (var d = first; d < Math.Min(_k, first + block); d++)
                {
                    var held = _b[(column * Bytes) + (d / _perByte)];
                    var number = _perByte == 1 ? held : (((int)held >> (int)(4 * (d % 2))) & 15) - 8;
                    var weight = number * (_length == 0 ? 1 : _scale[(column * Groups) + (d / _length)]);
                    sum += _a[(row * _k) + d] * weight;
                    (most, weights) = (Math.Max(most, Math.Abs(_a[(row * _k) + d])), weights + Math.Abs(weight));
                }

                bound += most * weights;
            }

            return (sum, bound);
        }

        public void Dispose()
        {
            _a.Dispose();
            _b.Dispose();
            _scale.Dispose();
        }
    }
}
