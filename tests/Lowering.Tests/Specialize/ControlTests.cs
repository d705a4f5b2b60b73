using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class ControlTests
{
    private static readonly TensorType X = Graphs.F32(4);

    [Theory]
    [InlineData(true, 3, 3)]
    [InlineData(true, 0, 0)]
    [InlineData(false, 0, 1)]
    public void A_loop_is_unrolled(bool testFirst, int count, int expected)
    {
        var f = new FunctionWriter("M:F");
        var x = f.Parameter("x");
        var i = f.Local("i", FunctionWriter.Host);
        f.Store(i, f.Literal(0));
        f.Do(new LoopInstruction(
            f.Block(() => f.HostOp("lt", "bool", f.Load(i), f.Literal(count))),
            f.Block(() => f.Store(x, f.Apply(OpCode.Exp, ("x", f.Load(x))))),
            f.Block(() => f.Store(i, f.HostOp("add", "int", f.Load(i), f.Literal(1)))),
            testFirst));
        f.Return(f.Load(x));
        Assert.Equal(Enumerable.Repeat("exp", expected), Graphs.Ops(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void Continue_runs_the_step_and_break_leaves()
    {
        // for (i = 0; ; i++) { if (i == 1) continue; if (i == 4) break; x = exp(x); }
        var f = new FunctionWriter("M:F");
        var x = f.Parameter("x");
        var i = f.Local("i", FunctionWriter.Host);
        f.Store(i, f.Literal(0));
        f.Do(new LoopInstruction(
            f.Block(() => f.Literal(true)),
            f.Block(() =>
            {
                f.If(f.HostOp("eq", "bool", f.Load(i), f.Literal(1)), () => f.Do(new ContinueInstruction()));
                f.If(f.HostOp("eq", "bool", f.Load(i), f.Literal(4)), () => f.Do(new BreakInstruction()));
                f.Store(x, f.Apply(OpCode.Exp, ("x", f.Load(x))));
            }),
            f.Block(() => f.Store(i, f.HostOp("add", "int", f.Load(i), f.Literal(1)))),
            TestFirst: true));
        f.Return(f.Load(x));
        Assert.Equal(3, f.Specialize(X).Module.Root.Nodes.Length);
    }

    [Fact]
    public void An_early_return_ends_the_function()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var item = f.Local("item", FunctionWriter.Host);
        var list = f.Thunk("_numbers", (_, _) => new[] { 1, 2, 3 });
        f.Do(new ForEachInstruction(item, list, f.Block(() =>
            f.If(f.HostOp("eq", "bool", f.Load(item), f.Literal(2)), () => f.Return(f.Mul(x, f.Load(item)))))));
        f.Return(f.Apply(OpCode.Exp, ("x", x)));
        Assert.Equal("%1 = constant(); %2 = mul(x, %1); return %2", Graphs.Print(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void A_loop_without_end_is_an_error_with_its_place()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        f.Do(new LoopInstruction(f.Block(() => f.Literal(true)), Block.Empty, Block.Empty, true, f.Place("while (true)")));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize());
        Assert.Equal("while (true)", e.Place!.Text);
    }

    [Fact]
    public void Foreach_runs_over_aggregates_host_lists_and_dictionaries()
    {
        var (a, b) = (new FakeTensor("a", 4), new FakeTensor("b", 4));
        var f = new FunctionWriter("M:F");
        var x = f.Parameter("x");
        var item = f.Local("item");
        var lists = new[]
        {
            f.MakeList(f.State(a), f.State(b)),
            f.Thunk("list", (_, _) => new List<ITensorHandle> { a, b }),
            f.Thunk("array", (_, _) => new[] { a, b }),
            f.Thunk("values", (_, _) => new Dictionary<string, FakeTensor> { ["a"] = a, ["b"] = b }.Values),
        };
        foreach (var list in lists)
        {
            f.Do(new ForEachInstruction(item, list, f.Block(() => f.Store(x, f.Add(f.Load(x), f.Load(item))))));
        }

        f.Return(f.Load(x));
        var specialized = f.Specialize(X);
        Assert.Equal(8, specialized.Module.Root.Nodes.Length);
        Assert.Equal([new ArgumentBinding(0), new TensorBinding(a), new TensorBinding(b)], specialized.Inputs);
    }

    [Fact]
    public void Items_and_counts_of_host_lists_are_host_values()
    {
        var (a, b) = (new FakeTensor("a", 4), new FakeTensor("b", 4));
        object? seen = null;
        var f = new FunctionWriter("M:F");
        var list = f.Thunk("_list", (_, _) => new List<ITensorHandle> { a, b });
        var pair = f.Thunk("_pair", (_, _) => ("name", a));
        var table = f.Thunk("_table", (_, _) => new Dictionary<string, ITensorHandle> { ["b"] = b });
        f.Thunk("probe", (_, arguments) => seen = arguments[0], f.Emit(r => new CountInstruction(r, list)));
        var key = f.Literal("b");
        var sum = f.Add(f.Item(list, 0), f.Item(pair, 1));
        f.Return(f.Add(sum, f.Emit(r => new ItemInstruction(r, table, key))));
        var specialized = f.Specialize();
        Assert.Equal(2, seen);
        Assert.Equal([new TensorBinding(a), new TensorBinding(b)], specialized.Inputs);
    }
}
