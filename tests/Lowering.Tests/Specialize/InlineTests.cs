using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

/// <summary>Inlined functions, switch bodies and lists that change.</summary>
public class InlineTests
{
    private static readonly TensorType X = Graphs.F32(4);

    [Fact]
    public void A_return_ends_the_inlined_function_only()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var inner = f.Block(() =>
        {
            f.If(f.Literal(true), () => f.Return(f.Apply(OpCode.Exp, ("x", x))));
            f.Return(f.Apply(OpCode.Log, ("x", x)));
        });
        var result = f.Emit(r => new InlineInstruction(r, inner));
        f.Return(f.Apply(OpCode.Neg, ("x", result)));
        Assert.Equal(["exp", "neg"], Graphs.Ops(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void A_break_ends_the_switch_and_continue_goes_to_the_loop()
    {
        // foreach (n in [1, 2, 3]) { switch { if (n == 1) break; if (n == 2) continue; x = exp(x); } x = neg(x); }
        var f = new FunctionWriter("M:F");
        var x = f.Parameter("x");
        var n = f.Local("n", FunctionWriter.Host);
        var list = f.Thunk("_numbers", (_, _) => new[] { 1, 2, 3 });
        f.Do(new ForEachInstruction(n, list, f.Block(() =>
        {
            f.Do(new SwitchInstruction(f.Block(() =>
            {
                f.If(f.HostOp("eq", "bool", f.Load(n), f.Literal(1)), () => f.Do(new BreakInstruction()));
                f.If(f.HostOp("eq", "bool", f.Load(n), f.Literal(2)), () => f.Do(new ContinueInstruction()));
                f.Store(x, f.Apply(OpCode.Exp, ("x", f.Load(x))));
            })));
            f.Store(x, f.Apply(OpCode.Neg, ("x", f.Load(x))));
        })));
        f.Return(f.Load(x));
        Assert.Equal(["neg", "exp", "neg"], Graphs.Ops(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void A_change_of_a_list_is_seen_through_every_name()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var list = f.Local("list", FunctionWriter.List);
        f.Store(list, f.MakeList());
        var other = f.Load(list);
        var copy = f.Emit(r => new ListStepInstruction(r, "copy", [other]));
        f.Do(new ListStepInstruction(Instruction.None, "add", [f.Load(list), f.Apply(OpCode.Exp, ("x", x))]));
        var counts = f.HostOp("sub", "int", f.Emit(r => new CountInstruction(r, other)), f.Emit(r => new CountInstruction(r, copy)));
        f.If(f.HostOp("eq", "bool", counts, f.Literal(1)), () => f.Return(f.Item(other, 0)));
        f.Return(f.Apply(OpCode.Log, ("x", x)));
        Assert.Equal(["exp"], Graphs.Ops(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void The_list_of_a_caller_is_not_changed()
    {
        var callee = new FunctionWriter("M:G");
        var given = callee.Load(callee.Parameter("list", FunctionWriter.List));
        callee.Do(new ListStepInstruction(Instruction.None, "clear", [given]));
        callee.Return(callee.Load(callee.Parameter("x")));
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        f.Return(f.Call(callee.Build(), f.MakeList(x), x));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(X));
        Assert.True(e.EagerIsPossible);
        Assert.Contains("make a copy of it first", e.Message, StringComparison.Ordinal);
    }
}
