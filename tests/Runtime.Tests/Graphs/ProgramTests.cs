using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Unified.Graphs;
using Unified.Ir;
using static Unified.Tests.SmallKernels;
using static Unified.Tests.SmallPrograms;

namespace Unified.Tests;

/// <summary>Hand-made images, sized, laid out and run.</summary>
public unsafe class ProgramTests
{
    private static readonly ImmutableArray<ArgumentSpec> s_vector = [new TensorSpec(Vector(N))];

    [Fact]
    public void Nested_calls_each_have_their_frame()
    {
        // double: y = 2x + 10; four of them: y = 16x + 150.
        var image = Image(Twice("root", 1), Twice("middle", 2), Doubling);
        using var run = new Executable(Function(image), s_vector);
        foreach (var n in (int[])[1, 5, 16, 64, 100, 1000, 5])
        {
            using var x = Numbers(n);
            using var y = Call(run, x);
            Assert.Equal([.. x.ToArray<float>().Select(v => (16 * v) + 150)], y.ToArray<float>());
        }
    }

    [Fact]
    public void A_frame_has_room_for_its_program_and_is_used_again()
    {
        var dims = new Dictionary<string, long>(StringComparer.Ordinal) { ["N"] = 100 };
        var image = Image(Twice("root", 1), Twice("middle", 2), Doubling);
        var root = SizedProgram.Of(image, dims);
        var block = ((100 * 4) + 63) / 64 * 64;
        Assert.Equal(block, root.Callees[0]!.Callees[0]!.ArenaBytes);
        Assert.Equal(2 * block, root.Callees[0]!.ArenaBytes);
        Assert.Equal(3 * block, root.ArenaBytes);
        Assert.Same(root.Callees[0], root.Callees[1]);
        using var list = new LaunchList(image, root, KernelLoader.Load(image.Kernels), [false], []);
        Assert.Equal(8, list.Launches.Length);
        Assert.Equal(2, list.Labels.Length);
    }

    [Fact]
    public void A_branch_runs_its_program_or_takes_the_other_values()
    {
        // if (flag) y = 2x + 10 else y = x; the flag is the first byte of the second input.
        var image = Image(
            Program("root", 2, 1, [In(0), In(1), Out(0), Frame(1, 0)], [new BranchStep("if", 1, At(1), [At(0)], [At(0)], [At(2)], 3)]), Doubling);
        using var run = new Executable(Function(image), [new TensorSpec(Vector(N)), new TensorSpec(Vector(N))]);
        using var x = Numbers(100);
        using var no = Tensor.Zeros([100]);
        using var yes = Tensor.From<float>([.. Enumerable.Repeat(BitConverter.Int32BitsToSingle(1), 100)], 100);
        using var taken = Call(run, x, yes);
        using var left = Call(run, x, no);
        Assert.Equal([.. x.ToArray<float>().Select(v => (2 * v) + 10)], taken.ToArray<float>());
        Assert.Equal(x.ToArray<float>(), left.ToArray<float>());
    }

    [Fact]
    public void A_loop_runs_its_program_until_a_byte_is_zero()
    {
        // The body's next flag is the third input: zero, so that it runs once. It carries 2x + 10.
        var body = Program(
            "body", 2, 2, [In(0), In(1), Out(0), Out(1), Temporary(N * 4, 1, 2)],
            [AddNumberStep(At(1), At(2), 0, N), AddNumberStep(At(0), At(4), 10, N), AddTensorsStep(At(4), At(0), At(3), N)]);
        ImmutableArray<BufferPlan> buffers = [In(0), In(1), In(2), Out(0), Temporary(N * 4, 0, 0), Temporary(N * 4, 0, 0), Frame(1, 0)];
        var image = Image(
            Program("root", 3, 1, buffers, [new LoopStep("while", 1, At(1), [At(0)], [At(3)], [At(3), At(2)], [At(4), At(5)], 6)]), body);
        using var run = new Executable(Function(image), [.. Enumerable.Repeat<ArgumentSpec>(new TensorSpec(Vector(N)), 3)]);
        using var x = Numbers(50);
        using var no = Tensor.Zeros([50]);
        using var yes = Tensor.From<float>([.. Enumerable.Repeat(BitConverter.Int32BitsToSingle(1), 50)], 50);
        using var once = Call(run, x, yes, no);
        using var never = Call(run, x, no, no);
        Assert.Equal([.. x.ToArray<float>().Select(v => (2 * v) + 10)], once.ToArray<float>());
        Assert.Equal(x.ToArray<float>(), never.ToArray<float>());
    }

    [Fact]
    public void Constants_are_read()
    {
        ImmutableArray<byte> constant = [.. MemoryMarshal.AsBytes<float>([100f, 200f, 300f])];
        var image = Image(Program(
            "root", 1, 1, [In(0), Out(0), new BufferPlan(BufferKind.Constant, 0, 12, 0, 0)], [AddTensorsStep(At(0), At(2), At(1), N)])) with { Constants = [constant] };
        using var run = new Executable(Function(image), s_vector);
        GC.Collect();
        using var x = Numbers(3);
        using var y = Call(run, x);
        Assert.Equal([100, 201, 302], y.ToArray<float>());
    }

    [Fact]
    public void Offsets_move_within_a_buffer()
    {
        // The second half of x plus its first half, into the first half of y; its second half plus one into the second.
        var half = Dim.FloorDiv(N, 2);
        var image = Image(Program("root", 1, 1, [In(0), Out(0)],
        [
            AddTensorsStep(At(0), At(0, half * 4), At(1), half),
            AddNumberStep(At(0, half * 4), At(1, half * 4), 1, half),
        ]));
        using var run = new Executable(Function(image), s_vector);
        foreach (var n in (int[])[2, 8, 6])
        {
            using var x = Numbers(n);
            using var y = Call(run, x);
            Assert.Equal([.. Enumerable.Range(0, n / 2).Select(i => (float)(i + i + (n / 2))), .. Enumerable.Range(n / 2, n / 2).Select(i => i + 1f)], y.ToArray<float>());
        }
    }

    [Fact]
    public void No_units_no_work()
    {
        using var run = new Executable(Function(Image(Twice("root", 1), Doubling)), s_vector);
        using var none = Tensor.Zeros([0]);
        using var result = Call(run, none);
        Assert.Equal([0], result.Shape.ToArray());
        using var x = Numbers(3);
        using var y = Call(run, x);
        Assert.Equal([30, 34, 38], y.ToArray<float>());
    }

    [Fact]
    public void Sizes_come_back_after_many_others()
    {
        using var run = new Executable(Function(Image(Twice("root", 1), Doubling)), s_vector);
        foreach (var n in Enumerable.Range(1, 200).Concat([1, 199, 700_000, 2]))
        {
            using var x = Numbers(n, 1);
            using var y = Call(run, x);
            Assert.Equal((4 * 1f) + 30, y.ToArray<float>()[0]);
            Assert.Equal((4f * n) + 30, y.ToArray<float>()[^1]);
        }
    }

    [Fact]
    public void A_view_is_read_as_it_is()
    {
        using var run = new Executable(Function(Plus(1)), s_vector);
        using var table = Tensor.From<float>([1, 2, 3, 4, 5, 6], 3, 2);
        using var column = table.Transpose(1, 0)[1];
        Assert.False(column.IsDense);
        using var y = Call(run, column);
        Assert.Equal([3, 5, 7], y.ToArray<float>());
    }

    [Fact]
    public void State_is_overwritten_in_place()
    {
        using var state = Numbers(3);
        using var run = InPlace(new TensorBinding(state));
        var memory = (nint)state.Data;
        Run(run);
        Run(run);
        Assert.Equal([2, 3, 4], state.ToArray<float>());
        Assert.Equal(memory, (nint)state.Data);

        // Who looked before keeps what was seen.
        using var view = state[..];
        Run(run);
        Assert.Equal([2, 3, 4], view.ToArray<float>());
        Assert.Equal([3, 4, 5], state.ToArray<float>());
    }

    [Fact]
    public void Written_state_that_is_also_an_argument_is_left_to_eager_code()
    {
        // state = state + 1, y = x + 10, which a graph for two tensors cannot order; x is the state.
        using var state = Numbers(4);
        var image = Image(Program(
            "root", 2, 2, [In(0), In(1), Out(0), Out(1)],
            [AddNumberStep(At(0), At(2), 1, N), AddNumberStep(At(1), At(3), 10, N)],
            [new Donation(0, 0)]));
        using var run = new Executable(
            Function(image, [new TensorBinding(state), new ArgumentBinding(0)], [new AssignBinding(0), new ResultBinding(0)]), s_vector);
        Assert.Equal(RunOutcome.MustBeEager, run.TryRun([Argument.Of(state)], new Tensor[1]));
        Assert.Equal([0, 1, 2, 3], state.ToArray<float>());
        using var other = Numbers(4);
        using var y = Call(run, other);
        Assert.Equal([10, 11, 12, 13], y.ToArray<float>());
        Assert.Equal([1, 2, 3, 4], state.ToArray<float>());
    }

    [Fact]
    public void A_result_that_is_an_input_or_an_earlier_result_is_the_same_object()
    {
        using var x = Numbers(4);
        var image = Image(Program("root", 1, 3, [In(0), Out(0), Out(1), Out(2)], [.. Enumerable.Range(1, 3).Select(o => AddNumberStep(At(0), At(o), 1, N))], []));
        using var run = new Executable(
            Function(image, [new ArgumentBinding(0)], [new ResultBinding(0), new ResultBinding(1) { Input = 0 }, new ResultBinding(2) { Twin = 0 }]), s_vector);
        var results = new Tensor[3];
        Assert.Equal(RunOutcome.Done, run.TryRun([Argument.Of(x)], results));
        Assert.Same(x, results[1]);
        Assert.Same(results[0], results[2]);
        Assert.Equal([1, 2, 3, 4], results[0].ToArray<float>());
    }

    [Fact]
    public void A_bad_index_names_its_place_and_leaves_the_state()
    {
        using var state = Numbers(3);
        var image = new ProgramImage("test", ["N"], All,
            [new GraphProgram("root", [Vector(3), new TensorType(DType.I64, Shape.From(N))], [Vector(N), Vector(3)],
                [In(0, 3), In(1, N * 2), Out(0), Out(1, 3)], [new Donation(1, 0)],
                [LookStep(At(0), At(1), At(2), N, 3), AddNumberStep(At(0), At(3), 1, 3)])], []);
        using var run = new Executable(
            Function(image, [new TensorBinding(state), new ArgumentBinding(0)], [new ResultBinding(0), new AssignBinding(0)]),
            [new TensorSpec(new TensorType(DType.I64, Shape.From(N)))]);
        using var good = Tensor.From<long>([2, 0, -1, 1], 4);
        using var y = Call(run, good);
        Assert.Equal([2, 0, 2, 1], y.ToArray<float>());
        Assert.Equal([1, 2, 3], state.ToArray<float>());

        using var bad = Tensor.From<long>([2, 3], 2);
        var e = Assert.Throws<IndexOutOfRangeException>(() => Call(run, bad));
        Assert.Contains("Model.cs(3,5): look", e.Message, StringComparison.Ordinal);
        Assert.Contains("table[index]", e.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], state.ToArray<float>());
        using var again = Call(run, good);
        Assert.Equal([3, 1, 3, 2], again.ToArray<float>());
    }

    [Fact]
    public void Fetched_state_must_still_have_its_type()
    {
        var field = Numbers(3);
        var definition = Definition("M:fetch", (_, _, _) => field);
        using var run = InPlace(new ThunkBinding(definition, 0, null, []));
        Assert.Equal(RunOutcome.Done, run.TryRun([], []));
        field = Numbers(3, 10);
        Assert.Equal(RunOutcome.Done, run.TryRun([], []));
        Assert.Equal([11, 12, 13], field.ToArray<float>());
        field = Numbers(4);
        Assert.Equal(RunOutcome.DoesNotFit, run.TryRun([], []));
        field = Tensor.From<double>([1, 2, 3], 3);
        Assert.Equal(RunOutcome.DoesNotFit, run.TryRun([], []));
        Assert.Equal([1, 2, 3], field.ToArray<double>());
    }

    [Fact]
    public void A_new_tensor_is_handed_to_its_setter()
    {
        object?[]? given = null;
        var definition = Definition("M:set", (thunk, self, arguments) =>
        {
            given = [thunk, self, .. arguments];
            return null;
        });
        using var run = new Executable(Function(Plus(1), [new ArgumentBinding(0)], [new RebindBinding(definition, 7, "self", ["key"])]), s_vector);
        using var x = Numbers(2);
        Assert.Equal(RunOutcome.Done, run.TryRun([Argument.Of(x)], []));
        Assert.Equal([7, "self", "key"], given!.Take(3));
        Assert.Equal([1, 2], ((Tensor)given![3]!).ToArray<float>());
    }

    [Fact]
    public void A_requirement_that_fails_sends_the_call_to_eager()
    {
        using var run = new Executable(Function(Plus(1)) with { Requirements = [new DimRequirement(N - 3, "at least three")] }, s_vector);
        using var two = Numbers(2);
        using var three = Numbers(3);
        Assert.Equal(RunOutcome.MustBeEager, run.TryRun([Argument.Of(two)], new Tensor[1]));
        Assert.Equal(RunOutcome.Done, run.TryRun([Argument.Of(three)], new Tensor[1]));
    }

    [Fact]
    public void A_steady_run_allocates_nothing()
    {
        using var constant = Numbers(64);
        using var x = Numbers(64);
        var field = Numbers(64);
        var definition = Definition("M:steady", (_, _, _) => field);
        var image = Image(Program(
            "root", 3, 2, [In(0), In(1), In(2), Out(0), Out(1), Temporary(N * 4, 0, 1)],
            [AddTensorsStep(At(0), At(1), At(5), N), AddTensorsStep(At(5), At(2), At(3), N), AddNumberStep(At(1), At(4), 1, N)],
            [new Donation(0, 2), new Donation(1, 1)]));
        using var run = new Executable(
            Function(
                image, [new ArgumentBinding(0, 0), new TensorBinding(constant), new ThunkBinding(definition, 0, null, [])],
                [new AssignBinding(2), new AssignBinding(1)], [new Guard(definition, 0, null, [1], 1)]) with
            {
                Requirements = [new DimRequirement(N - 1, "one at least")],
            },
            [new TensorListSpec([Vector(N), Vector(N)])]);
        Tensor[] list = [x, x];
        Step();
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            Step();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step()
        {
            if (!run.GuardsHold() || run.TryRun([Argument.Of(list)], []) != RunOutcome.Done)
            {
                throw new InvalidOperationException();
            }
        }
    }

    [Fact]
    public void Sizes_below_zero_are_refused()
    {
        using var x = Numbers(2);
        using var units = new Executable(Function(Image(Program("root", 1, 1, [In(0), Out(0)], [AddNumberStep(At(0), At(1), 1, N - 3)]))), s_vector);
        Assert.Contains("'add_number': the number of units is -1", Assert.Throws<InvalidDataException>(() => Call(units, x)).Message, StringComparison.Ordinal);
        using var bytes = new Executable(
            Function(Image(Program("root", 1, 1, [In(0), Out(0), Temporary(N - 3, 0, 0)], [AddNumberStep(At(0), At(1), 1, N)]))), s_vector);
        Assert.Contains("program 'root': the size of buffer 2 is -1", Assert.Throws<InvalidDataException>(() => Call(bytes, x)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_need_room()
    {
        using var run = new Executable(Function(Plus(1)), s_vector);
        using var x = Numbers(2);
        Assert.Throws<ArgumentException>(() => run.TryRun([Argument.Of(x)], []));
    }

    private static Executable InPlace(InputBinding state)
    {
        var image = Image(new GraphProgram("root", [Vector(3)], [Vector(3)], [In(0, 3), Out(0, 3)], [new Donation(0, 0)], [AddNumberStep(At(0), At(1), 1, 3)]));
        return new Executable(Function(image with { Dims = [] }, [state], [new AssignBinding(0)]), []);
    }

    private static void Run(Executable executable) => Assert.Equal(RunOutcome.Done, executable.TryRun([], []));

    private static Tensor Call(Executable executable, params Tensor[] arguments)
    {
        var results = new Tensor[1];
        Assert.Equal(RunOutcome.Done, executable.TryRun([.. arguments.Select(a => Argument.Of(a))], results));
        return results[0];
    }
}
