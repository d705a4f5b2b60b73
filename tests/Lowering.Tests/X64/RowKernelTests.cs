using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

public sealed class RowKernelTests
{
    private static readonly Stride s_row = Stride.Of(2);

    private static readonly RowKernel s_softmax = new(
        [new(DType.F32, false), new(DType.F32, true)], 3, 2,
        [
            new LoadNode(DType.F32, 0, [s_row, Stride.One]),
            new ReducedNode(DType.F32, 0, 0),
            new ComputeNode(DType.F32, OpCode.Sub, [0, 1]),
            new ComputeNode(DType.F32, OpCode.Exp, [2]),
            new ReducedNode(DType.F32, 1, 0),
            new ComputeNode(DType.F32, OpCode.Div, [3, 4]),
        ],
        [
            new Stage([new Reduction(OpCode.ReduceMax, 0)], []),
            new Stage([new Reduction(OpCode.Sum, 3)], []),
            new Stage([], [new Store(1, [s_row, Stride.One], 5)]),
        ]);

    private static readonly RowKernel s_norm = new(
        [new(DType.F32, false), new(DType.F32, false), new(DType.F32, true), new(DType.F32, true)], 3, 2,
        [
            new LoadNode(DType.F32, 0, [s_row, Stride.One]),
            new ReducedNode(DType.F32, 0, 0),
            new ParameterNode(DType.F32, 1),
            new ComputeNode(DType.F32, OpCode.Div, [1, 2]),
            new ComputeNode(DType.F32, OpCode.Sub, [0, 3]),
            new ComputeNode(DType.F32, OpCode.Mul, [4, 4]),
            new ReducedNode(DType.F32, 1, 0),
            new ComputeNode(DType.F32, OpCode.Div, [6, 2]),
            new ConstantNode(DType.F32, 1e-5),
            new ComputeNode(DType.F32, OpCode.Add, [7, 8]),
            new ComputeNode(DType.F32, OpCode.Rsqrt, [9]),
            new ComputeNode(DType.F32, OpCode.Mul, [4, 10]),
            new LoadNode(DType.F32, 1, [Stride.Zero, Stride.One]),
            new ComputeNode(DType.F32, OpCode.Mul, [11, 12]),
        ],
        [
            new Stage([new Reduction(OpCode.Sum, 0)], []),
            new Stage([new Reduction(OpCode.Sum, 5)], []),
            new Stage([], [new Store(2, [s_row, Stride.One], 13), new Store(3, [Stride.One, Stride.Zero], 10)]),
        ]);

    public static TheoryData<long> Lengths { get; } = [.. Enumerable.Range(0, 41).Select(n => (long)n), 63, 64, 65, 127, 128, 129, 1000];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Softmax_in_three_stages(long n)
    {
        const int Rows = 5;
        Agreement.Check(
            s_softmax, [new Block(DType.F32, Rows * n).Fill(i => Agreement.Fraction(i) * 10), new Block(DType.F32, Rows * n).Fill(_ => 0)],
            [Rows, n, n], Rows, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Elements_of_one_axis_are_units(long n)
    {
        var kernel = new RowKernel(
            [new(DType.F32, false), new(DType.F32, false), new(DType.F32, true)], 2, 1,
            [
                new LoadNode(DType.F32, 0, [Stride.One]),
                new LoadNode(DType.F32, 1, [Stride.Zero]),
                new ComputeNode(DType.F32, OpCode.Mul, [0, 1]),
                new ParameterNode(DType.F32, 1),
                new ComputeNode(DType.F32, OpCode.Add, [2, 3]),
                new ConstantNode(DType.F32, 0),
                new ComputeNode(DType.F32, OpCode.Maximum, [4, 5]),
            ],
            [new Stage([], [new Store(2, [Stride.One], 6)])]);
        Agreement.Check(
            kernel,
            [new Block(DType.F32, n).Fill(Agreement.Value), new Block(DType.F32, 1).Fill(_ => 3), new Block(DType.F32, n).Fill(_ => 0)],
            [n, 5], n, 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(40)]
    public void Layer_norm_stores_rows_and_their_statistics(long n)
    {
        const int Rows = 7;
        Agreement.Check(
            s_norm,
            [
                new Block(DType.F32, Rows * n).Fill(Agreement.Fraction), new Block(DType.F32, n).Fill(i => 1 + (0.1 * i)),
                new Block(DType.F32, Rows * n).Fill(_ => 0), new Block(DType.F32, Rows).Fill(_ => 0),
            ],
            [Rows, n, n], Rows, 3e-4);
    }

    /// <summary>A transposing copy: strided loads, or strided stores, of three axes.</summary>
    [Theory]
    [EveryType]
    public void Strided_loads_and_stores_move_every_type(DType type)
    {
        long a = 3, b = 5, c = 21;
        var kernel = new RowKernel(
            [new(type, false), new(type, true), new(type, true)], 5, 3,
            [new LoadNode(type, 0, [Stride.Of(3), Stride.One, Stride.Of(4)])],
            [new Stage([], [
                new Store(1, [Stride.Of(3), Stride.Of(2), Stride.One], 0),
                new Store(2, [Stride.Of(3), Stride.One, Stride.Of(4)], 0)])]);
        Agreement.Check(
            kernel,
            [
                new Block(type, a * b * c).Fill(i => type is DType.Bool ? i % 3 == 0 ? 1 : 0 : Math.Abs(Agreement.Value(i))),
                new Block(type, a * b * c).Fill(_ => 0), new Block(type, a * b * c).Fill(_ => 0),
            ],
            [a, b, c, b * c, b], a * b, 0);
    }

    [Theory]
    [EveryType]
    public void Reductions_of_every_type(DType type)
    {
        var sum = type != DType.Bool;
        foreach (long n in (long[])[1, 15, 16, 33, 100])
        {
            var kernel = new RowKernel(
                [new(type, false), new(type, true), new(type, true), new(type, true)], 2, 2,
                [
                    new LoadNode(type, 0, [Stride.Of(1), Stride.One]),
                    new ReducedNode(type, 0, 0),
                    new ReducedNode(type, 0, 1),
                    new ReducedNode(type, 0, sum ? 2 : 1),
                ],
                [new Stage(
                    sum ? [new(OpCode.ReduceMax, 0), new(OpCode.ReduceMin, 0), new(OpCode.Sum, 0)] : [new(OpCode.ReduceMax, 0), new(OpCode.ReduceMin, 0)],
                    [new Store(1, [Stride.One, Stride.Zero], 1), new Store(2, [Stride.One, Stride.Zero], 2), new Store(3, [Stride.One, Stride.Zero], 3)])]);
            Agreement.Check(
                kernel,
                [
                    new Block(type, 4 * n).Fill(i => type is DType.Bool ? i % 3 == 0 ? 1 : 0 : type == DType.U8 ? i % 200 : Agreement.Value(i)),
                    new Block(type, 4).Fill(_ => 0), new Block(type, 4).Fill(_ => 0), new Block(type, 4).Fill(_ => 0),
                ],
                [4, n], 4, type.IsFloat() && type.Bytes() == 2 ? 1e-2 : 0);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(1000)]
    public void A_row_gives_the_same_bits_alone_and_with_another(long n)
    {
        // The highest x + v·w, where v·w is the same in all rows; the sum of the exponentials less it, and of their squares, which need them again.
        const int Rows = 7;
        var kernel = new RowKernel(
            [new(DType.F32, false), new(DType.F32, false), new(DType.F32, false), new(DType.F32, true), new(DType.F32, true)], 3, 2,
            [
                new LoadNode(DType.F32, 0, [s_row, Stride.One]),
                new LoadNode(DType.F32, 1, [Stride.Zero, Stride.One]),
                new LoadNode(DType.F32, 2, [Stride.Zero, Stride.One]),
                new ComputeNode(DType.F32, OpCode.Mul, [1, 2]),
                new ComputeNode(DType.F32, OpCode.Add, [0, 3]),
                new ReducedNode(DType.F32, 0, 0),
                new ComputeNode(DType.F32, OpCode.Sub, [4, 5]),
                new ComputeNode(DType.F32, OpCode.Exp, [6]),
                new ReducedNode(DType.F32, 1, 0),
                new ComputeNode(DType.F32, OpCode.Div, [7, 8]),
                new ComputeNode(DType.F32, OpCode.Mul, [9, 9]),
                new ReducedNode(DType.F32, 2, 0),
            ],
            [
                new Stage([new Reduction(OpCode.ReduceMax, 4)], []),
                new Stage([new Reduction(OpCode.Sum, 7)], []),
                new Stage([new Reduction(OpCode.Sum, 10)], [new Store(3, [Stride.One, Stride.Zero], 8)]),
                new Stage([], [new Store(4, [Stride.One, Stride.Zero], 11)]),
            ]);
        foreach (var shared in (bool[])[true, false])
        {
            var made = shared ? kernel : kernel with { Nodes = kernel.Nodes.SetItem(1, new LoadNode(DType.F32, 0, [s_row, Stride.One])) };
            Block[] Buffers() =>
            [
                new Block(DType.F32, Rows * n).Fill(i => Agreement.Fraction(i) * 10), new Block(DType.F32, n).Fill(i => Agreement.Fraction(i + 3)),
                new Block(DType.F32, n).Fill(i => Agreement.Fraction(i + 5)), new Block(DType.F32, Rows).Fill(_ => 0), new Block(DType.F32, Rows).Fill(_ => 0),
            ];
            Agreement.Check(made, Buffers(), [Rows, n, n], Rows, 1e-5);
            foreach (var target in KernelRunner.Targets)
            {
                Block[] alone = Buffers(), paired = Buffers();
                var scratch = made.ScratchBytes(n).Value;
                _ = KernelRunner.Run(made, alone, [Rows, n, n], Rows, 1, scratch, target.Data);
                _ = KernelRunner.Run(made, paired, [Rows, n, n], Rows, scratch: scratch, target: target.Data);
                Assert.Equal(alone[3].ToArray(), paired[3].ToArray());
                Assert.Equal(alone[4].ToArray(), paired[4].ToArray());
                Agreement.Dispose(alone);
                Agreement.Dispose(paired);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(100)]
    [InlineData(1000)]
    public void Rows_behind_each_other_have_the_bits_of_rows_alone(long n)
    {
        foreach (var target in KernelRunner.Targets)
        {
            for (var rows = 1; rows <= 6; rows++)
            {
                Block Input() => new Block(DType.F32, rows * n).Fill(i => Agreement.Fraction(i) * 10);
                double[] Softmax(long grain, bool isInPlace)
                {
                    using Block x = Input(), y = new(DType.F32, rows * n);
                    _ = KernelRunner.Run(s_softmax, [x, isInPlace ? x : y], [rows, n, n], rows, grain, s_softmax.ScratchBytes(n).Value, target.Data);
                    return (isInPlace ? x : y).ToArray();
                }

                (double[] Normal, double[] Scales) Norm(long grain)
                {
                    using Block x = Input(), weight = new Block(DType.F32, n).Fill(i => 1 + (0.1 * i)), y = new(DType.F32, rows * n), scales = new(DType.F32, rows);
                    _ = KernelRunner.Run(s_norm, [x, weight, y, scales], [rows, n, n], rows, grain, s_norm.ScratchBytes(n).Value, target.Data);
                    return (y.ToArray(), scales.ToArray());
                }

                var (softmax, norm) = (Softmax(1, false), Norm(1));
                foreach (var grain in (long[])[4, long.MaxValue])
                {
                    Assert.Equal(softmax, Softmax(grain, false));
                    Assert.Equal(softmax, Softmax(grain, true));
                    var together = Norm(grain);
                    Assert.Equal(norm.Normal, together.Normal);
                    Assert.Equal(norm.Scales, together.Scales);
                }
            }
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(256)]
    [InlineData(9008)]
    public void Rows_behind_each_other_go_past_the_caches_in_whole_lines(long n)
    {
        // The shares of softmax, less one at a place of each row that may lie outside.
        const int Rows = 9;
        var places = new RowKernel(
            [.. s_softmax.Buffers, new(DType.I32, false)], 3, 2,
            [
                .. s_softmax.Nodes, new IndexNode(1), new ComputeNode(DType.I32, OpCode.Cast, [6]), new LoadNode(DType.I32, 2, [Stride.One, Stride.Zero]), new ComputeNode(DType.Bool, OpCode.Equal, [7, 8]),
                new ConstantNode(DType.F32, 1), new ComputeNode(DType.F32, OpCode.Sub, [5, 10]), new ComputeNode(DType.F32, OpCode.Select, [9, 11, 5]),
            ],
            s_softmax.Stages.SetItem(2, new Stage([], [new Store(1, [s_row, Stride.One], 12)])));
        foreach (var target in KernelRunner.Targets)
        {
            double[] Run(int streamed, long grain, long rows = Rows)
            {
                using Block x = new Block(DType.F32, rows * n).Fill(i => Agreement.Fraction(i) * 10), y = new(DType.F32, rows * n);
                using var where = new Block(DType.I32, rows).Fill(i => Math.Clamp(s_places[i] == 36 ? n - 1 : s_places[i], int.MinValue, int.MaxValue));
                _ = KernelRunner.Run(places with { Plan = RowPlan.Default with { StreamedBytes = streamed } }, [x, y, where], [rows, n, n], rows, grain, places.ScratchBytes(n).Value, target.Data);
                return y.ToArray();
            }

            var near = Run(int.MaxValue, long.MaxValue);
            foreach (var grain in (long[])[1, 2, 4, long.MaxValue])
            {
                Assert.Equal(near, Run(1, grain));
            }
        }
    }

    [Fact]
    public void Rows_to_come_are_asked_for_while_others_are_computed_and_written()
    {
        static IEnumerable<string> Loops(RowKernel kernel) =>
            new X64Emitter(TargetCpu.X64V4).EmitText(kernel, "softmax").Split("\n.LBB").Where(l => l.Contains("vmovntps", StringComparison.Ordinal) && l.Contains("vscalefps", StringComparison.Ordinal));
        Assert.Contains(Loops(s_softmax), l => l.Contains("prefetch", StringComparison.Ordinal));
        Assert.DoesNotContain(Loops(s_softmax with { Plan = RowPlan.Default with { NextRowAhead = false } }), l => l.Contains("prefetch", StringComparison.Ordinal));
    }

    [Fact]
    public void Walks_of_three_rows_are_one_loop()
    {
        // The sum of one row is made in the loop that looks for the largest of the next one, and divides the last one.
        var loops = new X64Emitter(TargetCpu.X64V4).EmitText(s_softmax, "softmax").Split("\n.LBB");
        Assert.Contains(loops, l => l.Contains("vscalefps", StringComparison.Ordinal) && l.Contains("vmaxps", StringComparison.Ordinal) && l.Contains("vdivps", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(OpCode.ReduceMax, DType.F32)]
    [InlineData(OpCode.ReduceMin, DType.F32)]
    [InlineData(OpCode.ReduceMax, DType.F64)]
    [InlineData(OpCode.ReduceMin, DType.F64)]
    [InlineData(OpCode.ReduceMax, DType.BF16)]
    public void Extremum_of_a_row_with_nan_is_nan_and_of_the_row_beside_it_is_not(OpCode op, DType type)
    {
        const int Rows = 3;
        var kernel = new RowKernel(
            [new(type, false), new(type, true)], 3, 2,
            [new LoadNode(type, 0, [s_row, Stride.One]), new ReducedNode(type, 0, 0)],
            [new Stage([new Reduction(op, 0)], []), new Stage([], [new Store(1, [Stride.One, Stride.Zero], 1)])]);
        foreach (var n in (long[])[1, 17, 40, 64, 150])
        {
            // From -1 on: no NaN at all.
            for (var at = -1L; at < n * Rows; at++)
            {
                using var x = new Block(type, n * Rows).Fill(i => i == at ? double.NaN : i % 100);
                using var y = new Block(type, Rows).Fill(_ => 0);
                foreach (var target in KernelRunner.Targets)
                {
                    _ = KernelRunner.Run(kernel, [x, y], [Rows, n, n], Rows, target: target.Data);
                    for (var row = 0; row < Rows; row++)
                    {
                        var numbers = Enumerable.Range(0, (int)n).Select(i => x[(row * n) + i]).ToList();
                        Assert.Equal(numbers.Exists(double.IsNaN) ? double.NaN : op == OpCode.ReduceMax ? numbers.Max() : numbers.Min(), y[row]);
                    }
                }
            }
        }
    }

    [Fact]
    public void Long_chains_of_several_points_take_turns()
    {
        var kernel = new RowKernel(
            [new(DType.F32, false), new(DType.F32, true)], 1, 1, [new LoadNode(DType.F32, 0, [Stride.One]), new ComputeNode(DType.F32, OpCode.Erf, [0]), new ComputeNode(DType.F32, OpCode.Mul, [0, 1])],
            [new Stage([], [new Store(1, [Stride.One], 2)])]);

        // All look-ups of four points come before the first result is stored.
        var text = new X64Emitter(TargetCpu.X64V4).EmitText(kernel, "kernel");
        Assert.Equal(1 + (4 * 6), text[..text.IndexOf("vmovntps", StringComparison.Ordinal)].Split("vpermps").Length);
        foreach (var n in (long[])[1, 16, 63, 64, 65, 129, 1000])
        {
            Agreement.Check(kernel, [new Block(DType.F32, n).Fill(Agreement.Fraction), new Block(DType.F32, n).Fill(_ => 0)], [n], n, 1e-6);
        }
    }

    [Fact]
    public void Nobody_looks_for_NaN_of_which_the_sum_tells()
    {
        Assert.True(new CaughtNaN(s_softmax).Of(0, 0));
        Assert.DoesNotContain("vcmpunordps", new X64Emitter(TargetCpu.X64V4).EmitText(s_softmax, "softmax"), StringComparison.Ordinal);

        // The largest is a result itself, or makes one that no sum has a part in.
        var stages = s_softmax.Stages;
        Assert.False(new CaughtNaN(s_softmax with { Stages = stages.SetItem(2, stages[2] with { Stores = stages[2].Stores.Add(new Store(1, [Stride.One, Stride.Zero], 1)) }) }).Of(0, 0));
        Assert.False(new CaughtNaN(s_softmax with { Stages = stages.SetItem(2, stages[2] with { Stores = [new Store(1, [s_row, Stride.One], 3)] }) }).Of(0, 0));
        Assert.False(new CaughtNaN(s_softmax).Of(1, 0));
        const int Rows = 4, N = 37;
        for (var at = 0; at < Rows * N; at++)
        {
            using var x = new Block(DType.F32, Rows * N).Fill(i => i == at ? double.NaN : i % 7);
            using var y = new Block(DType.F32, Rows * N);
            foreach (var target in KernelRunner.Targets)
            {
                _ = KernelRunner.Run(s_softmax, [x, y], [Rows, N, N], Rows, scratch: s_softmax.ScratchBytes(N).Value, target: target.Data);
                Assert.All(y.ToArray().Index(), share => Assert.Equal(share.Index / N == at / N, double.IsNaN(share.Item)));
            }
        }
    }

    // Of nine rows of 37 columns: within a vector, at its ends, in the last columns, and of no column.
    private static readonly long[] s_places = [0, 1, 15, 16, 36, 37, -1, long.MaxValue, long.MinValue];

    private static ScalarNode[] ColumnNumber(DType type) => type == DType.I64 ? [new IndexNode(1)] : [new IndexNode(1), new ComputeNode(type, OpCode.Cast, [0])];

    [Theory]
    [InlineData(DType.I32)]
    [InlineData(DType.I64)]
    public void What_differs_at_one_place_is_stored_there_once(DType type)
    {
        // Twice the difference from the mean, and from where the target is, less one.
        const int Rows = 9;
        const long N = 37;
        var index = ColumnNumber(type);
        var at = index.Length;
        var kernel = new RowKernel(
            [new(DType.F32, false), new(type, false), new(DType.F32, true)], 3, 2,
            [
                .. index,
                new LoadNode(type, 1, [Stride.One, Stride.Zero]),
                new ComputeNode(DType.Bool, OpCode.Equal, [at - 1, at]),
                new LoadNode(DType.F32, 0, [s_row, Stride.One]),
                new ReducedNode(DType.F32, 0, 0),
                new ParameterNode(DType.F32, 1),
                new ComputeNode(DType.F32, OpCode.Div, [at + 3, at + 4]),
                new ComputeNode(DType.F32, OpCode.Sub, [at + 2, at + 5]),
                new ConstantNode(DType.F32, 1),
                new ComputeNode(DType.F32, OpCode.Sub, [at + 6, at + 7]),
                new ComputeNode(DType.F32, OpCode.Select, [at + 1, at + 8, at + 6]),
                new ComputeNode(DType.F32, OpCode.Add, [at + 9, at + 9]),
            ],
            [new Stage([new Reduction(OpCode.Sum, at + 2)], []), new Stage([], [new Store(2, [s_row, Stride.One], at + 10)])]);
        Block Input() => new Block(DType.F32, Rows * N).Fill(Agreement.Fraction);
        Block Places() => new Block(type, Rows).Fill(i => type == DType.I32 ? Math.Clamp(s_places[i], int.MinValue, int.MaxValue) : s_places[i]);
        Agreement.Check(kernel, [Input(), Places(), new Block(DType.F32, Rows * N).Fill(_ => 7)], [Rows, N, N], Rows, 1e-6);

        // Over what it is made of, too.
        using Block x = Input(), apart = new(DType.F32, Rows * N), where = Places();
        _ = KernelRunner.Run(kernel, [x, where, apart], [Rows, N, N], Rows);
        _ = KernelRunner.Run(kernel, [x, where, x], [Rows, N, N], Rows);
        Assert.Equal(apart.ToArray(), x.ToArray());
        var loops = new X64Emitter(TargetCpu.X64V4).EmitText(kernel, "kernel").Split("\n.LBB").Where(l => l.Contains("vsubps", StringComparison.Ordinal));
        Assert.Contains(loops, l => !l.Contains("vpcmpeq", StringComparison.Ordinal) && l.Contains("%zmm", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(DType.I32, false)]
    [InlineData(DType.I32, true)]
    [InlineData(DType.I64, false)]
    [InlineData(DType.I64, true)]
    public void A_sum_with_one_place_is_what_stands_there(DType type, bool isTurned)
    {
        const int Rows = 9;
        const long N = 37;
        var index = ColumnNumber(type);
        var at = index.Length;
        var kernel = new RowKernel(
            [new(DType.F32, false), new(type, false), new(DType.F32, true), new(DType.F32, true)], 3, 2,
            [
                .. index,
                new LoadNode(type, 1, [Stride.One, Stride.Zero]),
                new ComputeNode(DType.Bool, OpCode.Equal, isTurned ? [at, at - 1] : [at - 1, at]),
                new LoadNode(DType.F32, 0, [s_row, Stride.One]),
                new ComputeNode(DType.F32, OpCode.Exp, [at + 2]),
                new ConstantNode(DType.F32, 0),
                new ComputeNode(DType.F32, OpCode.Select, [at + 1, at + 3, at + 4]),
                new ReducedNode(DType.F32, 0, 0),
                new ReducedNode(DType.F32, 0, 1),
            ],
            [
                new Stage([new Reduction(OpCode.Sum, at + 5), new Reduction(OpCode.Sum, at + 3)], []),
                new Stage([], [new Store(2, [Stride.One, Stride.Zero], at + 6), new Store(3, [Stride.One, Stride.Zero], at + 7)]),
            ]);
        Block[] Buffers() =>
        [
            new Block(DType.F32, Rows * N).Fill(Agreement.Fraction), new Block(type, Rows).Fill(i => type == DType.I32 ? Math.Clamp(s_places[i], int.MinValue, int.MaxValue) : s_places[i]),
            new Block(DType.F32, Rows).Fill(_ => 7), new Block(DType.F32, Rows).Fill(_ => 7),
        ];
        Agreement.Check(kernel, Buffers(), [Rows, N, N], Rows, 1e-6);
    }

    [Fact]
    public void A_sum_with_one_place_sees_only_that()
    {
        // What lies elsewhere takes no part, not even where it is NaN; -0 is no sum.
        var kernel = new RowKernel(
            [new(DType.F32, false), new(DType.F32, true)], 3, 2,
            [
                new IndexNode(1), new IndexNode(0), new ComputeNode(DType.Bool, OpCode.Equal, [0, 1]), new LoadNode(DType.F32, 0, [s_row, Stride.One]), new ConstantNode(DType.F32, 0),
                new ComputeNode(DType.F32, OpCode.Select, [2, 3, 4]), new ReducedNode(DType.F32, 0, 0),
            ],
            [new Stage([new Reduction(OpCode.Sum, 5)], []), new Stage([], [new Store(1, [Stride.One, Stride.Zero], 6)])]);
        using var x = new Block(DType.F32, 9).Fill(i => i % 4 == 0 ? -0.0 : double.NaN);
        using var y = new Block(DType.F32, 3).Fill(_ => 7);
        foreach (var target in KernelRunner.Targets)
        {
            _ = KernelRunner.Run(kernel, [x, y], [3, 3, 3], 3, target: target.Data);
            Assert.All(y.ToArray(), v => Assert.Equal(BitConverter.DoubleToInt64Bits(0), BitConverter.DoubleToInt64Bits(v)));
        }
    }

    [Fact]
    public void Causal_mask_from_indices()
    {
        const long N = 37;
        var kernel = new RowKernel(
            [new(DType.F32, false), new(DType.F32, true)], 3, 2,
            [
                new LoadNode(DType.F32, 0, [s_row, Stride.One]),
                new IndexNode(0),
                new IndexNode(1),
                new ComputeNode(DType.Bool, OpCode.LessEqual, [2, 1]),
                new ConstantNode(DType.F32, double.NegativeInfinity),
                new ComputeNode(DType.F32, OpCode.Select, [3, 0, 4]),
            ],
            [new Stage([], [new Store(1, [s_row, Stride.One], 5)])]);
        Agreement.Check(kernel, [new Block(DType.F32, N * N).Fill(Agreement.Fraction), new Block(DType.F32, N * N).Fill(_ => 0)], [N, N, N], N, 0);
    }
}
