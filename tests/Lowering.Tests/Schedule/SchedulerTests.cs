using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Schedule;
using Unified.Lowering.Targets.X64;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

public sealed class SchedulerTests
{
    private static OpValue Apply(OpBuilder b, OpCode op, params OpValue[] x) => b.Apply(op, x);

    [Fact]
    public void Elementwise_chains_are_one_flat_kernel()
    {
        var module = Check(Module([F32(B, T, 8), F32(B, T, 8), F32(8)], (b, x) => [Apply(b, OpCode.Exp, (x[0] * x[1]) + 1.5)]));
        var launch = Assert.IsType<LaunchStep>(Assert.Single(module.Programs[0].Steps));
        Assert.Equal([B * T * 8], launch.Parameters);
    }

    [Fact]
    public void Softmax_is_one_kernel() =>
        Assert.Equal(1, Check(Module([F32(B, T, 7)], (b, x) => [Apply(b, OpCode.Softmax, x[0])])).Launches());

    [Fact]
    public void Layer_norm_is_one_kernel() =>
        Assert.Equal(1, Check(Module([F32(B, T, 8), F32(8), F32(8)], (b, x) => [Apply(b, OpCode.LayerNorm, x[0], x[1], x[2])])).Launches());

    // A decoding step's: axes of size 1 beside the one that is folded.
    [Fact]
    public void Norms_of_one_row_are_one_kernel()
    {
        foreach (var rows in (Dim[][])[[Dim.One, Dim.One], [B, Dim.One], [Dim.One, T], [Dim.One, T, Dim.One]])
        {
            var shape = new TensorType(DType.F32, new Shape([.. rows, 8]));
            Assert.Equal(1, Check(Module([shape, F32(8), F32(8)], (b, x) => [Apply(b, OpCode.LayerNorm, x[0], x[1], x[2])])).Launches());
        }
    }

    [Fact]
    public void Rms_norm_with_residual_is_one_kernel_with_two_stores() =>
        Assert.Equal(1, Check(Module([F32(B, T, 8), F32(B, T, 8), F32(8)], (b, x) =>
        {
            var h = x[0] + x[1];
            return [h, Apply(b, OpCode.RmsNorm, h, x[2])];
        })).Launches());

    [Fact]
    public void Kernels_are_not_merged_around_one_that_stands_between_them() =>
        Check(Module([F32(B, 6), F32(B, 6)], (b, x) =>
        {
            OpValue IsPositive(OpValue v) => Apply(b, OpCode.Greater, b.Sum(v, []), b.Scalar(DType.F32, 0));
            var first = IsPositive(x[1]);
            var (left, right) = (b.Select(first, x[1], x[0]), b.Select(first, x[0], x[1]));
            return [b.Select(IsPositive(right), right, left)];
        }));

    [Fact]
    public void Bias_and_gelu_end_the_product() =>
        Assert.Equal(2, Check(Module([F32(B, T, 8), F32(40, 8), F32(40)], (b, x) => [Apply(b, OpCode.GeluTanh, Apply(b, OpCode.Linear, x[0], x[1], x[2]))])).Launches());

    [Fact]
    public void Rows_of_a_batch_are_merged_where_the_right_side_is_shared()
    {
        var module = Check(Module([F32(B, T, 8), F32(40, 8), F32(B, T, 40)], (b, x) => [b.MatMul(x[0], x[1], transposeB: true) + x[2]]));
        var kernel = Assert.IsType<Unified.Lowering.Loops.ContractionKernel>(module.Kernels[1]);
        Assert.Equal(0, kernel.BatchAxes);
    }

    /// <summary>Two threads have the same number of rows: a few blocks are even in number and equal.</summary>
    [Theory]
    [InlineData(40, 40)]
    [InlineData(64, 32)]
    [InlineData(128, 32)]
    [InlineData(200, 36)]
    [InlineData(784, 48)]
    public void Rows_of_products_are_divided_evenly(long rows, long perUnit)
    {
        Assert.Equal(perUnit, RowsPerUnit(rows, []));
        Assert.Equal(perUnit, RowsPerUnit(B, new() { ["B"] = rows }));

        static long RowsPerUnit(Dim rows, Dictionary<string, long> sizes)
        {
            var module = Module([F32(rows, 32), F32(32, 64)], (b, x) => [b.MatMul(x[0], x[1])]);
            var scheduled = Scheduler.Schedule(module, SchedulePlan.Usual);
            var product = scheduled.Programs[0].Steps.OfType<LaunchStep>().Single(s => scheduled.Kernels[s.Kernel] is ContractionKernel);
            return product.NumbersFor(sizes).Parameters[3];
        }
    }

    /// <summary>Sizes of a product whose rows and depth are results of convolutions on images of any size can be read back from an image.</summary>
    [Fact]
    public void Sizes_of_products_fit_an_image()
    {
        Dim height = Dim.Named("H"), width = Dim.Named("W");
        for (var i = 0; i < 3; i++)
        {
            (height, width) = (Dim.FloorDiv(height - 1, 2) + 1, Dim.FloorDiv(width - 1, 2) + 1);
        }

        var pixels = B * height * width;
        var module = Module([F32(pixels, 64), F32(64, 128), F32(pixels, 128)], (b, x) => [b.MatMul(x[0], x[1]), b.MatMul(x[0], x[2], transposeA: true)]);
        foreach (var launch in Scheduler.Schedule(module, SchedulePlan.Usual).Programs[0].Steps.OfType<LaunchStep>())
        {
            Assert.All([launch.Units, launch.ScratchBytes, .. launch.Parameters], d => Assert.Equal(d, DimText.Parse(d.ToString())));
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Products_read_transposed_operands_as_they_lie(bool ta, bool tb) =>
        Assert.Equal(2, Check(Module([ta ? F32(B, 6, T) : F32(B, T, 6), tb ? F32(B, 37, 6) : F32(B, 6, 37)], (b, x) => [b.MatMul(x[0], x[1], ta, tb)])).Launches());

    /// <summary>Two products of x, another of x transposed, which is packed in another way, and one that only looks alike.</summary>
    [Fact]
    public void Products_of_one_operand_pack_it_once()
    {
        var module = Check(Module([F32(6, T), F32(T, 6), F32(6, T), F32(6, T)], (b, x) => [b.MatMul(x[0], x[1]), b.MatMul(x[2], x[1]), b.MatMul(x[0], x[2], transposeB: true), b.MatMul(x[0], x[3], transposeB: true)]));
        Assert.Equal(4 + 3, module.Launches());
    }

    /// <summary>As a gradient's heads are: brought together for two products of other shapes.</summary>
    [Fact]
    public void What_is_reshaped_twice_is_copied_once()
    {
        var module = Check(Module([F32(B, 2, T, 4), F32(8, 5)], (b, x) =>
        {
            var heads = b.Transpose(x[0], [0, 2, 1, 3]);
            return [b.MatMul(b.Reshape(heads, Shape.From(B, T, 8)), x[1]), b.Sum(b.Reshape(heads, Shape.From(B * T, 8)), [0])];
        }));
        Assert.Equal(4, module.Launches());
    }

    [Theory]
    [InlineData(DType.I8)]
    [InlineData(DType.BF16)]
    public void Weights_are_widened_within_the_product(DType weight)
    {
        var module = Module([F32(B, 7), new(weight, Shape.From(5, 7)), F32(5)], (b, x) =>
            [b.MatMul(x[0], b.Cast(x[1], DType.F32), transposeB: true) * x[2]]);
        var scheduled = Check(module);
        Assert.Equal(2, scheduled.Launches());
        var group = weight == DType.I8 ? 4 : 2;
        var kernel = Assert.Single(scheduled.Kernels.OfType<ContractionKernel>());
        Assert.Equal((weight, group), (kernel.RightType, kernel.Group));
        if (weight == DType.I8)
        {
            // Drawn numbers are not those that bf16 holds.
            CheckNative(module, (3, 1), (20, 1));
        }
    }

    [Fact]
    public void Weights_that_are_packed_narrower_are_counted_as_they_are_read()
    {
        var module = Check(Module([new(DType.BF16, Shape.From(3, 8)), F32(8, 5)], (b, x) => [b.MatMul(x[0], b.Cast(x[1], DType.BF16))]));
        var product = module.Programs[0].Steps.OfType<LaunchStep>().Single(s => module.Kernels[s.Kernel] is ContractionKernel);
        Assert.Equal(((3 * 8) + (8 * 5) + (3 * 5)) * 2, product.Traffic.Value);
    }

    [Fact]
    public void Products_broadcast_their_batches() =>
        Check(Module([F32(B, 1, T, 4), F32(3, 4, 5), F32(4, T)], (b, x) =>
            [b.MatMul(x[0], x[1]), b.MatMul(x[2], x[0], transposeA: true, transposeB: true), b.MatMul(x[1], x[2], transposeA: true)]));

    [Fact]
    public void Products_of_single_rows_columns_and_depths() =>
        Check(Module([F32(B, 1, 4), F32(4, 1), F32(T, 1), F32(1, 5)], (b, x) => [b.MatMul(x[0], x[1]), b.MatMul(x[2], x[3])]));

    [Fact]
    public void An_integer_product_is_summed_in_a_loop() => Check(Module([I64(T, 4), I64(4, 3)], (b, x) => [b.MatMul(x[0], x[1])]));

    [Fact]
    public void Attention_joins_its_heads_without_a_copy()
    {
        var module = Check(Module([F32(B, T, 24), F32(8, 8)], (b, x) =>
        {
            OpValue Head(int part) => b.Transpose(b.Reshape(b.Slice(x[0], [0, 0, part * 8], [B, T, 8]), Shape.From(B, T, 2, 4)), [0, 2, 1, 3]);
            var y = b.Apply(OpCode.Attention, Attributes.Empty.With("causal", true), Head(0), Head(1), Head(2));
            return [b.MatMul(b.Reshape(b.Transpose(y, [0, 2, 1, 3]), Shape.From(B, T, 8)), x[1])];
        }));

        // One is attention for few queries, which T may be.
        Assert.Equal(6, module.Launches());
    }

    [Fact]
    public void Cross_entropy_of_rows_then_a_mean()
    {
        var module = Check(Module([F32(B, T, 11), I64(B, T)], (b, x) => [Apply(b, OpCode.CrossEntropy, x[0], x[1])]));
        Assert.Equal(2, module.Launches());
    }

    [Fact]
    public void Cross_entropy_reads_the_target_at_its_place()
    {
        var module = Check(Module([F32(B, T, 11), I64(B, T)], (b, x) => [Apply(b, OpCode.CrossEntropy, x[0], x[1])]));
        var rows = module.Programs[0].Steps.OfType<LaunchStep>().Select(s => module.Kernels[s.Kernel]).OfType<RowKernel>();

        // Of the sums of its rows, that of the target alone; nothing is emitted, so that no builder is needed.
        var found = rows.SelectMany(k => k.Stages.SelectMany(s => s.Reductions).Select(r => SinglePlace.Of(k, new NodeEmitter(null!, k.Nodes, k.Axes, reducedIsVector: false), r)));
        Assert.Single(found, p => p is not null);
    }

    [Fact]
    public void Cross_entropy_and_its_gradient_share_their_rows()
    {
        var module = Check(Gradient([F32(B, T, 11), I64(B, T)], [0], (b, x) => Apply(b, OpCode.CrossEntropy, x[0], x[1])));
        Assert.Equal(3, module.Launches());
    }

    [Fact]
    public void Layer_norm_gradient()
    {
        var module = Check(Gradient([F32(B, T, 8), F32(8), F32(8)], [0, 1, 2], (b, x) =>
        {
            var y = Apply(b, OpCode.LayerNorm, x[0], x[1], x[2]);
            return b.Sum(Apply(b, OpCode.Sin, y), [0, 1, 2]);
        }));
        Assert.True(module.Launches() <= 5, module.Text());
    }

    [Fact]
    public void Column_sums_fuse_what_feeds_them()
    {
        var module = Check(Module([F32(B, T, 70), F32(B, T, 70), F32(70)], (b, x) => [b.Sum(x[0] * x[1], [0, 1]) + x[2], b.Sum(x[0], [0, 1])]));
        Assert.Equal(3, module.Launches());
    }

    [Fact]
    public void Any_axes_reduce() => Check(Module([F32(B, 3, T, 5)], (b, x) =>
    [
        b.Sum(x[0], [1]), b.Sum(x[0], [0, 2]), b.Sum(x[0], [1, 3], keepDims: true), b.Sum(x[0], [0, 1, 2, 3]), b.Reduce(OpCode.ReduceMax, x[0], [2, 3], false),
        b.Reduce(OpCode.ReduceMin, b.Transpose(x[0], [2, 0, 3, 1]), [1, 2], true), b.Sum(b.Transpose(x[0], [3, 2, 1, 0]), [3]),
        b.Sum(b.Transpose(x[0], [0, 2, 1, 3]), [2, 3]),
    ]));

    [Fact]
    public void Long_sums() =>
        Check(Module([F32(3, 20000), F32(100000), F32(200, 300)], (b, x) => [b.Sum(x[0] * x[0], [0, 1]), b.Sum(x[1], [0]), b.Sum(x[2], [0, 1])]), (1, 1));

    [Fact]
    public void Arg_max() => Check(Module([F32(B, T, 5)], (b, x) => [.. Enumerable.Range(0, 3).Select(axis => b.Apply(OpCode.ArgMax, Attributes.Empty.With("axis", (long)axis), x[0]))]));

    [Fact]
    public void Gather_scatter_and_their_neighbours() => Check(Module([F32(7, 6), I64(B, T), F32(B, T, 6), F32(6, 4)], (b, x) =>
    {
        var rows = b.Apply(OpCode.Gather, x[0], x[1]);
        var scattered = b.Apply(OpCode.ScatterAdd, Attributes.Empty.With("size", (Dim)7), x[1], x[2] * 2.0);
        return [rows * 3.0 + x[2], scattered + x[0], b.Apply(OpCode.Gather, Attributes.Empty.With("axis", 1L), x[0], x[1]), b.MatMul(rows, x[3])];
    }));

    /// <summary>The index may read any row of a table that the kernel itself is about to make.</summary>
    [Fact]
    public void Gathered_table_is_whole_before_it_is_read() => Check(Module([F32(6, 4), I64(6)], (b, x) =>
    {
        var table = Apply(b, OpCode.Exp, x[0]);
        return [b.Apply(OpCode.Gather, table, x[1]) * 2.0 + table];
    }));

    [Fact]
    public void Shapes_without_elements() => Check(Module([F32(2, 0), F32(0), F32(1, 3)], (b, x) =>
    [
        b.Reshape(x[0], Shape.From(0, 5)), b.Reshape(b.BroadcastTo(x[1], Shape.From(3, 0)), Shape.From(0, 7)) + 1.0,
        b.Reshape(Apply(b, OpCode.Exp, b.BroadcastTo(x[2], Shape.From(0, 3))), Shape.From(3, 0)), b.Reshape(b.Slice(x[2], [0, 0], [0, 3]), Shape.From(2, 0)),
    ]));

    [Fact]
    public void Concat_pad_and_slices() => Check(Module([F32(B, T, 4), F32(B, 3, 4), F32(B, T, 4)], (b, x) =>
    {
        var joined = b.Apply(OpTable.Get(OpCode.Concat), [Apply(b, OpCode.Exp, x[0]), x[1], x[2] + x[0]], Attributes.Empty.With("axis", 1L))[0];
        var padded = b.Apply(OpCode.Pad, Attributes.Empty.With("low", [Dim.Zero, 1, 2]).With("high", [Dim.One, 0, 3]).With("value", 0.5), x[1]);
        var nested = b.Apply(OpTable.Get(OpCode.Concat), [joined, joined], Attributes.Empty.With("axis", 2L))[0];
        return [joined, padded, nested, b.Slice(joined, [0, T, 1], [B, 3, 2]), b.Slice(x[0] * 2.0, [0, 0, 0], [B, T, 2], [1, 1, 2]) + 1.0];
    }));

    [Fact]
    public void Views_that_leave_are_copied() => Check(Module([F32(B, T, 4), F32(4)], (b, x) =>
    [
        x[0], x[0], b.Transpose(x[0], [1, 0, 2]), b.Reshape(b.Transpose(x[0], [2, 1, 0]), Shape.From(4 * T, B)), b.BroadcastTo(x[1], Shape.From(T, 4)),
        b.Slice(x[0], [0, 0, 1], [B, T, 2]), b.Full(Shape.From(B), DType.F32, 2), b.Iota(Shape.From(T, B), 1, DType.I32), b.DimSize(B + T, DType.F32),
        b.Reshape(b.Transpose(Apply(b, OpCode.Exp, x[0]), [2, 1, 0]), Shape.From(2, 2 * T * B)),
    ]));

    [Fact]
    public void Assigned_inputs_are_written_in_place()
    {
        var module = Check(Module(
            [F32(B, 4), F32(B, 4), F32(B, 4), F32(B, 4)],
            (b, x) => [],
            (b, x) =>
            {
                var m = (x[1] * 0.9) + (x[3] * 0.1);
                var v = (x[2] * 0.99) + (x[3] * x[3] * 0.01);
                return [(x[0] - (m / (Apply(b, OpCode.Sqrt, v) + 1e-3)), 0), (m, 1), (v, 2)];
            }));
        Assert.Equal(1, module.Launches());
        Assert.Equal(3, module.Programs[0].Donations.Length);
    }

    [Fact]
    public void A_result_may_need_what_is_overwritten_before_it_in_the_same_kernel()
    {
        OpValue? doubled = null;
        var graph = Module(
            [F32(B, 4), F32(B, 4), F32(4)],
            (b, x) =>
            {
                doubled = x[1] + x[1];
                return [(x[0] * 0.5) + doubled, (x[0] * x[2]) - doubled];
            },
            (b, x) => [(doubled!, 0)]);
        var module = Check(graph);
        Assert.Equal(1, module.Launches());
        Assert.Single(module.Programs[0].Donations);
        CheckNative(graph, (3, 1), (40, 1));
    }

    [Fact]
    public void Swapped_inputs_are_not_written_in_place()
    {
        var module = Check(Module([F32(B, 4), F32(B, 4)], (b, x) => [], (b, x) => [(x[1] * 2.0, 0), (x[0] * 3.0, 1)]));
        Assert.True(module.Programs[0].Donations.Length <= 1);
    }

    [Fact]
    public void Assigned_inputs_that_a_product_reads_are_not_overwritten_by_it() =>
        Assert.Empty(Check(Module([F32(5, 5), F32(5, 5)], (b, x) => [], (b, x) => [(b.MatMul(x[0], x[1]), 0)])).Programs[0].Donations);

    [Fact]
    public void Random_numbers_follow_from_state_and_place() => Check(Module([new(DType.I64, Shape.Of(2)), F32(B, T, 4)], (b, x) =>
    {
        var u = b.Apply(OpCode.RandomUniform, Attributes.Empty.With("shape", [B, T, 4]).With("dtype", DType.F32), x[0]);
        var kept = Apply(b, OpCode.Less, u, b.Scalar(DType.F32, 0.5));
        return [b.Select(kept, x[1], b.Scalar(DType.F32, 0)), b.Sum(b.Select(kept, x[1] * 2.0, x[1]), [0])];
    }));

    [Fact]
    public void Integers_and_truth_values() => Check(Module([I64(T), new(DType.Bool, Shape.From(T)), new(DType.I32, Shape.From(B, T))], (b, x) =>
    [
        x[0] * x[0] - x[0], Apply(b, OpCode.LogicalNot, x[1]), b.Sum(b.Cast(x[1], DType.I64), [0]), b.Sum(x[2], [0]), b.Cast(Apply(b, OpCode.Greater, x[2], b.Scalar(DType.I32, 1)), DType.F32),
    ]));

    [Fact]
    public void A_matrix_and_its_transpose_meet() => Check(Module([F32(T, T)], (b, x) =>
    {
        var y = Apply(b, OpCode.Exp, x[0]);
        return [y + b.Transpose(y, [1, 0]), b.Sum(y + b.Transpose(y, [1, 0]), [1])];
    }));

    [Fact]
    public void Calls_run_their_own_program()
    {
        var block = new GraphBuilder("block");
        var x = block.Input("x", F32(B, T, 8), InputKind.Argument);
        var w = block.Input("w", F32(8, 8), InputKind.State);
        var h = x + block.Apply(OpCode.GeluTanh, block.MatMul(x, w));
        block.Output(block.Apply(OpCode.Softmax, h), OutputKind.Result);
        block.Output(w * 0.5, OutputKind.Assign, 1);
        var callee = block.Build();
        var root = new GraphBuilder("main");
        var y = root.Input("y", F32(T, B, 8), InputKind.Argument);
        var v = root.Input("v", F32(8, 8), InputKind.State);
        var first = root.Call(callee, [root.Transpose(y, [1, 0, 2]), v]);
        var second = root.Call(callee, [first[0] * 2.0, first[1]]);
        root.Output(second[0], OutputKind.Result);
        root.Output(root.Transpose(second[0], [2, 1, 0]), OutputKind.Result);
        root.Output(second[1], OutputKind.Assign, 1);
        var module = Check(Lower(new GraphModule([root.Build(), callee])));
        Assert.True(module.Programs.Length is 1 or 2);
    }

    [Fact]
    public void Empty_sizes_give_empty_results() =>
        Check(Module([F32(B, T, 4), F32(4, 3)], (b, x) => [Apply(b, OpCode.Softmax, x[0]), b.Sum(x[0], [0, 1]), b.MatMul(x[0], x[1]), Apply(b, OpCode.Exp, x[0])]), (0, 3), (2, 0));

    [Fact]
    public void Equal_kernels_are_shared()
    {
        var module = Check(Module([F32(B, 4), F32(T, 8)], (b, x) => [Apply(b, OpCode.Softmax, x[0]), Apply(b, OpCode.Softmax, x[1])]));
        Assert.Single(module.Kernels);
        Assert.Equal(2, module.Launches());
    }

    [Fact]
    public void Long_norms_of_gradients_do_not_store_squares()
    {
        var module = Check(Module([F32(40, 30), F32(30, 30), F32(1)], (b, x) =>
        {
            var g = b.MatMul(x[0], x[1]);
            var norm = b.Sum(b.Apply(OpCode.Square, g), [0, 1]);
            return [g * b.Apply(OpCode.Rsqrt, norm)];
        }), (1, 1));
        var product = Assert.IsType<LaunchStep>(module.Programs[0].Steps[1]);
        Assert.Equal(3, product.Buffers.Length);
    }

    [Fact]
    public void A_composite_left_over_is_an_error_that_names_it()
    {
        var b = new GraphBuilder("main");
        b.Source = new SourceSpan("Model.cs", 3, 7, "Softmax(x)");
        b.Output(b.Apply(OpCode.Softmax, b.Input("x", F32(B, 4), InputKind.Argument)), OutputKind.Result);
        var error = Assert.Throws<GraphCompileException>(() => Unified.Lowering.Schedule.Scheduler.Schedule(new GraphModule([b.Build()]), Unified.Lowering.Schedule.SchedulePlan.Usual));
        Assert.Contains("softmax", error.Message, StringComparison.Ordinal);
        Assert.Contains("Model.cs(3,7)", error.Message, StringComparison.Ordinal);
    }

    private static GraphModule Gradient(TensorType[] inputs, int[] wrt, Func<GraphBuilder, GraphValue[], OpValue> loss) =>
        Module(inputs, (b, x) =>
        {
            var value = loss(b, x);
            return [value, .. b.Gradient(value, [.. wrt.Select(w => (OpValue)x[w])])];
        });
}
