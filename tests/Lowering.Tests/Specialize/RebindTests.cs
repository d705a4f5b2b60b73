using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class RebindTests
{
    private static readonly TensorType X = Graphs.F32(4);

    private sealed class Cell
    {
        public FakeTensor Hidden { get; set; } = new("hidden", 4);
    }

    private static int Getter(FunctionWriter f, string name = "_h") => f.DeclareThunk(name, (self, _) => ((Cell)self!).Hidden, guard: true);

    private static void Set(FunctionWriter f, int getter, int value)
    {
        var setter = f.DeclareThunk("_h =", (self, a) => ((Cell)self!).Hidden = (FakeTensor)a[^1]!, types: "Tensor");
        f.Do(new RebindInstruction(setter, getter, [], value, f.Place("_h = …")));
    }

    /// <summary><c>_h = exp(x)</c></summary>
    private static FunctionDefinition Setter(bool reads)
    {
        var f = new FunctionWriter("M:Cell.Set") { Result = FunctionWriter.Void };
        f.This();
        var x = f.Load(f.Parameter("x"));
        Set(f, reads ? Getter(f) : Instruction.None, f.Apply(OpCode.Exp, ("x", x)));
        return f.Build();
    }

    [Fact]
    public void Later_reads_see_the_new_tensor_and_the_field_is_set_after_the_run()
    {
        var cell = new Cell();
        var f = new FunctionWriter("M:Cell.Step");
        f.This();
        var x = f.Load(f.Parameter("x"));
        var getter = Getter(f);
        Set(f, getter, f.Add(f.Evaluate(getter), x));
        f.Return(f.Mul(f.Evaluate(getter), x));
        var specialized = f.SpecializeOn(cell, X);
        Assert.Equal("%2 = add(h, x); %3 = mul(%2, x); return %3; rebind %2", Graphs.Print(specialized.Module.Root));
        var setter = Assert.IsType<RebindBinding>(specialized.Outputs[1]);
        Assert.IsType<ThunkBinding>(specialized.Inputs[1]);
        var next = new FakeTensor("next", 4);
        setter.Function.Invoke(setter.Thunk, setter.Self, [.. setter.Arguments, next]);
        Assert.Same(next, cell.Hidden);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_field_set_by_a_callee_is_seen_by_the_caller(bool reads)
    {
        var f = new FunctionWriter("M:Cell.Step");
        f.This();
        var x = f.Load(f.Parameter("x"));
        f.Call(Setter(reads), f.Load(0), x);
        f.Return(f.Mul(f.Evaluate(Getter(f)), x));
        var specialized = f.SpecializeOn(new Cell(), X);
        Assert.Equal("%1 = Cell_Set(x); %2 = mul(%1, x); return %2; rebind %1", Graphs.Print(specialized.Module.Root));
        Assert.Equal(OutputKind.Rebind, Assert.Single(specialized.Module.Graphs[1].Outputs).Kind);
    }

    [Fact]
    public void A_field_set_by_a_caller_is_seen_by_the_callee()
    {
        var reader = new FunctionWriter("M:Cell.Read");
        reader.This();
        reader.Return(reader.Apply(OpCode.Exp, ("x", reader.Evaluate(Getter(reader)))));
        var f = new FunctionWriter("M:Cell.Step");
        f.This();
        var x = f.Load(f.Parameter("x"));
        Set(f, Instruction.None, f.Mul(x, x));
        f.Return(f.Call(reader.Build(), f.Load(0)));
        var specialized = f.SpecializeOn(new Cell(), X);
        Assert.Equal("%1 = mul(x, x); %2 = Cell_Read(%1); return %2; rebind %1", Graphs.Print(specialized.Module.Root));
        Assert.Equal([new ArgumentBinding(0)], specialized.Inputs);
    }

    [Fact]
    public void The_last_of_two_settings_counts()
    {
        var f = new FunctionWriter("M:Cell.Step") { Result = FunctionWriter.Void };
        f.This();
        var x = f.Load(f.Parameter("x"));
        f.Call(Setter(reads: true), f.Load(0), x);
        f.Call(Setter(reads: true), f.Load(0), f.Mul(x, x));
        var specialized = f.SpecializeOn(new Cell(), X);
        Assert.Equal("%1 = Cell_Set(x); %2 = mul(x, x); %3 = Cell_Set(%2); rebind %3", Graphs.Print(specialized.Module.Root));
        Assert.Single(specialized.Outputs);
    }

    [Fact]
    public void A_read_of_the_field_by_another_name_is_refused()
    {
        var cell = new Cell();
        var f = new FunctionWriter("M:Outer.Step");
        f.This();
        var x = f.Load(f.Parameter("x"));
        f.Call(Setter(reads: true), f.Thunk("_cell", (_, _) => cell), x);
        f.Return(f.Guard("_cell._h", (_, _) => cell.Hidden));
        var e = Assert.Throws<GraphCompileException>(() => f.SpecializeOn(new object(), X));
        Assert.True(e.EagerIsPossible);
        Assert.Contains("'_cell._h'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_receivers_field_is_another_field()
    {
        var f = new FunctionWriter("M:Cell.Step");
        f.This();
        var x = f.Load(f.Parameter("x"));
        f.Call(Setter(reads: true), f.Thunk("_other", (_, _) => new Cell()), x);
        f.Return(f.Mul(f.Evaluate(Getter(f)), x));
        Assert.IsType<ThunkBinding>(f.SpecializeOn(new Cell(), X).Inputs[1]);
    }
}
