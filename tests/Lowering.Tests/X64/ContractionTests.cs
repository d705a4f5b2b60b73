using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

public sealed class ContractionTests
{
    public static TheoryData<long, long, long, long> Sizes { get; } = new()
    {
        { 1, 1, 1, 12 }, { 12, 32, 4, 12 }, { 13, 33, 5, 12 }, { 24, 64, 16, 24 }, { 25, 31, 17, 24 }, { 50, 100, 35, 24 }, { 3, 70, 64, 48 }, { 100, 16, 33, 36 },
        { 11, 17, 1, 12 }, { 7, 40, 0, 12 }, { 60, 96, 129, 48 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Products_in_every_order(long m, long n, long k, long rowsPerUnit)
    {
        foreach (var orderA in Enum.GetValues<MatrixOrder>())
        {
            foreach (var orderB in Enum.GetValues<MatrixOrder>())
            {
                Check(DType.F32, orderA, orderB, m, n, k, rowsPerUnit, [], false, 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(DType.F64, 1e-14)]
    [InlineData(DType.F16, 1e-2)]
    [InlineData(DType.BF16, 2e-2)]
    [InlineData(DType.I32, 0)]
    [InlineData(DType.I16, 0)]
    [InlineData(DType.I8, 0)]
    public void Products_of_other_types(DType type, double tolerance)
    {
        foreach (var order in Enum.GetValues<MatrixOrder>())
        {
            Check(type, order, order, 29, 45, 37, 24, [], false, tolerance);
        }
    }

    /// <summary>Weights of 8 or 16 bits, widened to f32 as they are read.</summary>
    [Theory]
    [InlineData(DType.I8)]
    [InlineData(DType.U8)]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void A_narrow_right_operand(DType right)
    {
        const long M = 14, N = 45, K = 37;
        using var a = new Block(DType.F32, M * K).Fill(Agreement.Fraction);
        using var b = new Block(right, N * K).Fill(right.IsFloat() ? Agreement.Fraction : i => i * 7 % 100);
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = new Block(right, 2 * Tile.Columns * K);
            _ = KernelRunner.Run(new PackKernel(right, 0, MatrixOrder.KInner), [b, packed], [K, N, 1, K], 2, 2, target: target.Data);
            using var c = new Block(DType.F32, M * N).Fill(_ => 0);
            var kernel = new ContractionKernel(
                [new(DType.F32, false), new(right, false), new(DType.F32, true)], 9, DType.F32, 0, MatrixOrder.KInner,
                [new AccumulatorNode(DType.F32)], [new Store(2, [Stride.Of(7), Stride.One], 0)]);
            Assert.Empty(LoopVerifier.Problems(kernel));
            Compare(kernel, [a, packed, c], [M, N, K, 24, 32, K, 1, N, 1], p => a[(p[0] * K) + p[1]], p => b[(p[1] * K) + p[0]], 2, 1e-4, target.Data);
        }
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 40, 2)]
    [InlineData(13, 33, 63)]
    [InlineData(30, 70, 96)]
    public void Pairs_of_bf16(long m, long n, long k)
    {
        foreach (var orderA in Enum.GetValues<MatrixOrder>())
        {
            foreach (var orderB in Enum.GetValues<MatrixOrder>())
            {
                Check(DType.BF16, orderA, orderB, m, n, k, 24, [], false, 2e-2);
            }
        }

        Check(DType.BF16, MatrixOrder.KInner, MatrixOrder.KOuter, m, n, k, 24, [3], false, 2e-2);
    }

    [Theory]
    [InlineData(new long[] { 3 }, false)]
    [InlineData(new long[] { 2, 3 }, false)]
    [InlineData(new long[] { 2, 3 }, true)]
    public void Batches_and_shared_right_operands(long[] batch, bool shared) =>
        Check(DType.F32, MatrixOrder.KInner, MatrixOrder.KOuter, 26, 40, 20, 24, batch, shared, 1e-5);

    /// <summary>Bias, gelu, residual; also stored transposed.</summary>
    [Theory]
    [InlineData(12, 32)]
    [InlineData(30, 50)]
    public void Epilogue(long m, long n)
    {
        const long K = 19;
        var kernel = new ContractionKernel(
            [new(DType.F32, false), new(DType.F32, false), new(DType.F32, false), new(DType.F32, false), new(DType.F32, true), new(DType.F32, true)],
            8, DType.F32, 0, MatrixOrder.KInner,
            [
                new AccumulatorNode(DType.F32),
                new LoadNode(DType.F32, 2, [Stride.Zero, Stride.One]),
                new ComputeNode(DType.F32, OpCode.Add, [0, 1]),
                new ComputeNode(DType.F32, OpCode.Tanh, [2]),
                new LoadNode(DType.F32, 3, [Stride.One, Stride.Zero]),
                new ComputeNode(DType.F32, OpCode.Mul, [3, 4]),
                new IndexNode(1),
                new ComputeNode(DType.F32, OpCode.Cast, [6]),
                new ComputeNode(DType.F32, OpCode.Add, [5, 7]),
            ],
            [new Store(4, [Stride.Of(7), Stride.One], 8), new Store(5, [Stride.One, Stride.Of(0)], 2)]);
        Block a = new Block(DType.F32, m * K).Fill(Agreement.Fraction), b = new Block(DType.F32, K * n).Fill(i => Agreement.Fraction(i + 99));
        var packed = Pack(DType.F32, MatrixOrder.KOuter, b, [], [], K, n, n, 1);
        Block[] buffers =
        [
            a, packed, new Block(DType.F32, n).Fill(Agreement.Fraction), new Block(DType.F32, m).Fill(Agreement.Value),
            new Block(DType.F32, m * n).Fill(_ => 0), new Block(DType.F32, m * n).Fill(_ => 0),
        ];
        long[] parameters = [m, n, K, 24, 32, K, 1, n];
        Compare(kernel, buffers, parameters, p => a[(p[0] * K) + p[1]], p => b[(p[0] * n) + p[1]], (m + 23) / 24 * ((n + 31) / 32), 1e-5);
    }

    [Fact]
    public void A_product_without_code_says_so()
    {
        var e = Assert.Throws<NotSupportedException>(() => KernelRunner.Compile(Plain(DType.I64, 0, MatrixOrder.KInner)));
        Assert.Contains("no matrix product of i64", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_result_does_not_depend_on_the_rows_of_a_unit_or_on_the_pieces()
    {
        const long M = 100, N = 70, K = 50;
        double[]? first = null;
        foreach (var (rows, columns) in ((long, long)[])[(12, 32), (24, 96), (60, 64), (108, 32)])
        {
            using var a = new Block(DType.F32, M * K).Fill(Agreement.Fraction);
            using var b = new Block(DType.F32, K * N).Fill(Agreement.Fraction);
            using var packed = Pack(DType.F32, MatrixOrder.KOuter, b, [], [], K, N, N, 1);
            using var c = new Block(DType.F32, M * N);
            _ = KernelRunner.Run(Plain(DType.F32, 0, MatrixOrder.KInner), [a, packed, c], [M, N, K, rows, columns, K, 1, N, 1], (M + rows - 1) / rows * ((N + columns - 1) / columns), 2, Scratch(rows, K, DType.F32));
            first ??= c.ToArray();
            Assert.Equal(first, c.ToArray());
        }
    }

    /// <summary>One or two rows are multiplied with several panels at once, which changes no bit: ten panels in units of ten, six and four.</summary>
    [Theory]
    [InlineData(DType.F32, DType.F32)]
    [InlineData(DType.F64, DType.F64)]
    [InlineData(DType.BF16, DType.BF16)]
    [InlineData(DType.I32, DType.I32)]
    public void Few_rows_give_the_bits_of_many(DType type, DType right)
    {
        const long Many = 14, N = 305, K = 37, Panels = 10;
        var group = Tile.GroupOf(type, right);
        var kernel = Plain(type, 0, MatrixOrder.KInner) with { Buffers = [new(type, false), new(right, false), new(type, true)], Group = group };
        using var a = new Block(type, Many * K).Fill(type.IsFloat() ? Agreement.Fraction : Agreement.Value);
        using var b = new Block(right, N * K).Fill(right.IsFloat() ? Agreement.Fraction : i => i * 7 % 100);
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = new Block(right, Panels * Tile.Columns * ((K + group - 1) / group * group));
            _ = KernelRunner.Run(new PackKernel(right, 0, MatrixOrder.KInner) { Group = group }, [b, packed], [K, N, 1, K], Panels, 2, target: target.Data);
            double[] Product(long rows, long columnsPerUnit)
            {
                using var c = new Block(type, rows * N);
                _ = KernelRunner.Run(
                    kernel, [a, packed, c], [rows, N, K, 24, columnsPerUnit, K, 1, N, 1], (N + columnsPerUnit - 1) / columnsPerUnit, 1, Scratch(24, K, type), target.Data);
                return c.ToArray();
            }

            var many = Product(Many, 32);
            foreach (var rows in (long[])[1, 2, 3])
            {
                foreach (var panels in (long[])[10, 6, 4])
                {
                    Assert.Equal(many[..(int)(rows * N)], Product(rows, panels * Tile.Columns));
                }
            }
        }
    }

    /// <summary>u8 times i8 is summed exactly in i32, also where all are as large as they get.</summary>
    [Theory]
    [InlineData(MatrixOrder.KInner, MatrixOrder.KInner, 1, 33, 7)]
    [InlineData(MatrixOrder.KInner, MatrixOrder.KInner, 13, 70, 130)]
    [InlineData(MatrixOrder.KOuter, MatrixOrder.KOuter, 5, 40, 66)]
    [InlineData(MatrixOrder.Strided, MatrixOrder.Strided, 29, 100, 65)]
    public void Bytes_times_bytes(MatrixOrder orderA, MatrixOrder orderB, long m, long n, long k)
    {
        var (am, ak) = orderA switch { MatrixOrder.KInner => (k, 1L), MatrixOrder.KOuter => (1L, m), _ => (2 * k, 2L) };
        var (bn, bk) = orderB switch { MatrixOrder.KInner => (k, 1L), MatrixOrder.KOuter => (1L, n), _ => (2L, 2 * n) };
        using var a = new Block(DType.U8, 2 * m * k).Fill(i => i % 3 == 0 ? 255 : i * 37 % 256);
        using var b = new Block(DType.I8, 2 * n * k).Fill(i => i % 3 == 0 ? -128 : (i * 37 % 256) - 128);
        var kernel = new ContractionKernel(
            [new(DType.U8, false), new(DType.I8, false), new(DType.I32, true)], 9, DType.U8, 0, orderA, [new AccumulatorNode(DType.I32)], [new Store(2, [Stride.Of(7), Stride.Of(8)], 0)]) { Group = 4 };
        Assert.Empty(LoopVerifier.Problems(kernel));
        var panels = (n + Tile.Columns - 1) / Tile.Columns;
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = new Block(DType.I8, panels * Tile.Columns * ((k + 3) / 4 * 4));
            using var c = new Block(DType.I32, m * n);
            _ = KernelRunner.Run(new PackKernel(DType.I8, 0, orderB) { Group = 4 }, [b, packed], [k, n, bk, bn], panels, 2, target: target.Data);
            _ = KernelRunner.Run(kernel, [a, packed, c], [m, n, k, 24, 64, am, ak, n, 1], (m + 23) / 24 * ((n + 63) / 64), 2, Scratch(24, k, DType.U8), target.Data);
            for (var i = 0L; i < m * n; i++)
            {
                var sum = 0.0;
                for (var d = 0L; d < k; d++)
                {
                    sum += a[(i / n * am) + (d * ak)] * b[(i % n * bn) + (d * bk)];
                }

                Assert.True(sum == c[i], $"{target.Data}: element {i} is {c[i]}, not {sum}");
            }
        }
    }

    /// <summary>A convolution of images with channels last, first or neither contiguous, as the kernel reads it: rows (n, y, x), summed over (r, s, c).</summary>
    [Theory]
    [InlineData(MatrixOrder.KInner, 3, 1, 15)]
    [InlineData(MatrixOrder.KInner, 20, 2, 15)]
    [InlineData(MatrixOrder.KInner, 32, 1, 15)]
    [InlineData(MatrixOrder.KOuter, 5, 1, 15)]
    [InlineData(MatrixOrder.KOuter, 3, 1, 9)]
    [InlineData(MatrixOrder.KOuter, 3, 1, 40)]
    [InlineData(MatrixOrder.Strided, 4, 2, 15)]
    [InlineData(MatrixOrder.Strided, 3, 2, 29)]
    [InlineData(MatrixOrder.Strided, 3, 2, 40)]
    [InlineData(MatrixOrder.Strided, 3, 3, 40)]
    public void Windows_of_images(MatrixOrder order, int channels, int stride, long width)
    {
        const long Images = 2, Height = 7, Outputs = 37, Kernel = 3;
        long high = ((Height - Kernel) / stride) + 1, wide = ((width - Kernel) / stride) + 1, m = Images * high * wide, depth = Kernel * Kernel * channels;
        long c = order == MatrixOrder.KInner ? 1 : Height * width, x = order == MatrixOrder.KInner ? channels : 1, y = width * x, n = Height * width * channels;
        using var a = new Block(DType.F32, Images * n).Fill(Agreement.Fraction);
        using var b = new Block(DType.F32, depth * Outputs).Fill(i => Agreement.Fraction(i + 7));
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = Pack(DType.F32, MatrixOrder.KOuter, b, [], [], depth, Outputs, Outputs, 1, target.Data);
            using var result = new Block(DType.F32, m * Outputs).Fill(_ => 0);
            var kernel = new ContractionKernel(
                [new(DType.F32, false), new(DType.F32, false), new(DType.F32, true)], 21, DType.F32, 0, order, [new AccumulatorNode(DType.F32)],
                [new Store(2, [Stride.Of(19), Stride.Of(20), Stride.Of(3), Stride.One], 0)])
            {
                RowAxes = 3,
                Windows = new WindowAxes(3, 3),
            };
            long[] parameters =
            [
                Images, high, wide, Outputs, depth, 24, 32,
                Images, high, wide, n, y * stride, x * stride, Kernel, Kernel, channels, y, x, c,
                high * wide * Outputs, wide * Outputs,
            ];
            _ = KernelRunner.Run(kernel, [a, packed, result], parameters, (m + 23) / 24 * ((Outputs + 31) / 32), 2, Scratch(24, depth, DType.F32), target.Data);
            for (var i = 0L; i < m * Outputs; i++)
            {
                long o = i % Outputs, place = i / Outputs, start = (place / (high * wide) * n) + (place / wide % high * stride * y) + (place % wide * stride * x);
                double sum = 0;
                for (var k = 0L; k < depth; k++)
                {
                    sum += a[start + (k / channels / Kernel * y) + (k / channels % Kernel * x) + (k % channels * c)] * b[(k * Outputs) + o];
                }

                Assert.True(Math.Abs(sum - result[i]) <= 1e-4, $"{target.Data}: element {i} is {result[i]}, not {sum}");
            }
        }
    }

    [Fact]
    public void A_right_operand_that_is_summed_over_several_axes()
    {
        const long R = 3, C = 20, N = 37;
        using var b = new Block(DType.F32, N * C * R).Fill(Agreement.Fraction);
        using var packed = new Block(DType.F32, 2 * Tile.Columns * R * C);
        foreach (var target in KernelRunner.Targets)
        {
            // [N, C, R] read as k over (r, c).
            _ = KernelRunner.Run(new PackKernel(DType.F32, 0, MatrixOrder.Strided, 2), [b, packed], [R, C, N, 1, R, C * R], 2, 2, target: target.Data);
            for (var i = 0L; i < 2 * Tile.Columns * R * C; i++)
            {
                long k = i / Tile.Columns % (R * C), column = (i / (Tile.Columns * R * C) * Tile.Columns) + (i % Tile.Columns);
                Assert.Equal(column < N ? b[(column * C * R) + (k % C * R) + (k / C)] : 0, packed[i]);
            }
        }
    }

    [Theory]
    [InlineData(MatrixOrder.KInner)]
    [InlineData(MatrixOrder.KOuter)]
    [InlineData(MatrixOrder.Strided)]
    public void A_right_operand_that_is_rounded_as_it_is_packed(MatrixOrder order)
    {
        foreach (var (k, n) in ((long, long)[])[(1, 1), (37, 70), (64, 32), (131, 33)])
        {
            var (strideK, strideN) = order switch { MatrixOrder.KInner => (1L, k), MatrixOrder.KOuter => (n, 1L), _ => (2 * n, 2L) };
            using var b = new Block(DType.F32, 2 * n * k).Fill(i => Agreement.Fraction(i) / 3);
            using var rounded = new Block(DType.BF16, 2 * n * k).Fill(i => b[i]);
            var panels = (n + Tile.Columns - 1) / Tile.Columns;
            foreach (var target in KernelRunner.Targets)
            {
                using var expected = Pack(DType.BF16, order, rounded, [], [], k, n, strideK, strideN, target.Data);
                using var packed = new Block(DType.BF16, panels * Tile.Columns * ((k + 1) / 2 * 2));
                _ = KernelRunner.Run(new PackKernel(DType.BF16, 0, order, From: DType.F32) { Group = 2 }, [b, packed], [k, n, strideK, strideN], panels, 2, target: target.Data);
                for (var i = 0L; i < panels * Tile.Columns * ((k + 1) / 2 * 2); i++)
                {
                    Assert.Equal(expected[i], packed[i]);
                }
            }
        }
    }

    /// <summary>C (batch…, m, n) dense; strides of C are the last parameters: batch axes, m, n.</summary>
    public static ContractionKernel Plain(DType type, int batch, MatrixOrder order) => new(
        [new(type, false), new(type, false), new(type, true)], (4 * batch) + 9, type, batch, order,
        [new AccumulatorNode(type)],
        [new Store(2, [.. Enumerable.Range(0, batch + 1).Select(i => Stride.Of((3 * batch) + 7 + i)), Stride.One], 0)])
    { Group = Tile.GroupOf(type, type) };

    public static long Scratch(long rows, long depth, DType type) => Tile.ScratchBytes(rows, depth, type).Value;

    internal static Block Pack(DType type, MatrixOrder order, Block b, long[] batch, long[] batchStrides, long k, long n, long strideK, long strideN, string? target = null)
    {
        var panels = (n + Tile.Columns - 1) / Tile.Columns;
        var batches = batch.Aggregate(1L, (x, y) => x * y);
        var group = Tile.GroupOf(type, type);
        var packed = new Block(type, batches * panels * Tile.Columns * ((k + group - 1) / group * group));
        _ = KernelRunner.Run(
            new PackKernel(type, batch.Length, order) { Group = group }, [b, packed], [.. batch, k, n, .. batchStrides, strideK, strideN], batches * panels, 2, target: target);
        return packed;
    }

    private static void Check(
        DType type, MatrixOrder orderA, MatrixOrder orderB, long m, long n, long k, long rowsPerUnit, long[] batch, bool shared, double tolerance)
    {
        // A strided matrix has a gap between its elements.
        var (am, ak) = orderA switch { MatrixOrder.KInner => (k, 1L), MatrixOrder.KOuter => (1L, m), _ => (2 * k, 2L) };
        var (bn, bk) = orderB switch { MatrixOrder.KInner => (k, 1L), MatrixOrder.KOuter => (1L, n), _ => (2L, 2 * n) };
        long sizeA = 2 * m * k, sizeB = 2 * n * k;
        var batches = batch.Aggregate(1L, (x, y) => x * y);
        long[] Dense(long size) => [.. batch.Select((_, i) => size * batch[(i + 1)..].Aggregate(1L, (x, y) => x * y))];
        long[] strideA = Dense(sizeA), strideB = shared ? new long[batch.Length] : Dense(sizeB), strideC = Dense(m * n);
        Func<long, double> values = type.IsFloat() ? Agreement.Fraction : Agreement.Value;
        using var a = new Block(type, batches * sizeA).Fill(values);
        using var b = new Block(type, (shared ? 1 : batches) * sizeB).Fill(i => values(i + 31));
        var kernel = Plain(type, batch.Length, orderA);
        var columnsPerUnit = 32 * (1 + (m % 3));
        var panels = (n + Tile.Columns - 1) / Tile.Columns;
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = Pack(type, orderB, b, shared ? [] : batch, shared ? [] : strideB, k, n, bk, bn, target.Data);
            var stridePacked = shared ? strideB : Dense(panels * Tile.Columns * ((k + Tile.GroupOf(type, type) - 1) / Tile.GroupOf(type, type) * Tile.GroupOf(type, type)));
            using var c = new Block(type, batches * m * n).Fill(_ => 0);
            Compare(
                kernel, [a, packed, c], [.. batch, m, n, k, rowsPerUnit, columnsPerUnit, .. strideA, am, ak, .. stridePacked, .. strideC, n, 1],
                p => a[p[..^2].Zip(strideA, (x, y) => x * y).Sum() + (p[^2] * am) + (p[^1] * ak)],
                p => b[p[..^2].Zip(strideB, (x, y) => x * y).Sum() + (p[^2] * bk) + (p[^1] * bn)],
                batches * ((m + rowsPerUnit - 1) / rowsPerUnit) * ((n + columnsPerUnit - 1) / columnsPerUnit), tolerance, target.Data);
        }
    }

    private static void Compare(
        ContractionKernel kernel, Block[] buffers, long[] parameters, Func<long[], double> a, Func<long[], double> b, long units, double tolerance, string? target = null)
    {
        var expected = buffers.Select(x => x.Copy()).ToArray();
        ReferenceKernels.Contract(kernel, expected, parameters, a, b);
        var scratch = Scratch(parameters[kernel.BatchAxes + 3], parameters[kernel.BatchAxes + 2], kernel.Type);
        _ = KernelRunner.Run(kernel, buffers, parameters, units, 2, scratch, target);
        for (var i = 2; i < buffers.Length; i++)
        {
            Agreement.Equal(expected[i], buffers[i], tolerance, $"{target}, {kernel.OrderA}, buffer {i}, parameters {string.Join(' ', parameters)}");
        }

        Agreement.Dispose(expected);
    }
}
