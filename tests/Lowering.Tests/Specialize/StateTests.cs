using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class StateTests
{
    private static readonly TensorType X = Graphs.F32(4);

    [Fact]
    public void One_tensor_is_one_input_however_often_it_is_met()
    {
        var w = new FakeTensor("_w", 4);
        var f = new FunctionWriter("M:F");
        f.Return(f.Add(f.State(w), f.Add(f.Load(f.Parameter("x")), f.State(w))));
        var specialized = f.Specialize(X);
        Assert.Equal("%2 = add(x, w); %3 = add(w, %2); return %3", Graphs.Print(specialized.Module.Root));
        Assert.Equal([InputKind.Argument, InputKind.State], specialized.Module.Root.Inputs.Select(i => i.Kind));
        Assert.Equal([new ArgumentBinding(0), new TensorBinding(w)], specialized.Inputs);
    }

    [Fact]
    public void State_that_is_only_looked_at_is_no_input()
    {
        var f = new FunctionWriter("M:F");
        var size = f.Dim(f.State(new FakeTensor("_w", 4, 3)), 1);
        f.Return(f.Mul(f.Load(f.Parameter("x")), size));
        Assert.Single(f.Specialize(X).Inputs);
    }

    [Fact]
    public void Reads_after_an_assignment_see_the_new_value_and_reads_before_it_the_old()
    {
        var w = new FakeTensor("_w", 4);
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var before = f.Mul(f.State(w), x);
        f.Assign(f.State(w), f.Add(f.State(w), x));
        var after = f.Mul(f.State(w), x);
        f.Assign(f.State(w), f.Add(f.State(w), after));
        f.Return(f.MakeList(before, after));
        var specialized = f.Specialize(X);
        Assert.Equal(
            "%2 = mul(w, x); %3 = add(w, x); %4 = mul(%3, x); %5 = add(%3, %4); return %2; return %4; w := %5",
            Graphs.Print(specialized.Module.Root));
        Assert.Equal([new ResultBinding(0), new ResultBinding(1), new AssignBinding(1)], specialized.Outputs);
        Assert.Equal(2, specialized.ResultPositions);
    }

    [Fact]
    public void A_local_that_holds_state_sees_assignments_to_it()
    {
        var w = new FakeTensor("_w", 4);
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var held = f.Local("held");
        f.Store(held, f.State(w));
        f.Assign(f.State(w), x);
        f.Return(f.Mul(f.Load(held), x));
        Assert.Equal("%2 = mul(x, x); return %2; w := x", Graphs.Print(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void An_argument_can_be_assigned_to()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var x = f.Load(f.Parameter("x"));
        f.Assign(x, f.Mul(x, f.Literal(2f)));
        var specialized = f.Specialize(X);
        Assert.Equal("%1 = constant(); %2 = mul(x, %1); x := %2", Graphs.Print(specialized.Module.Root));
        Assert.Equal([new AssignBinding(0)], specialized.Outputs);
        Assert.Equal(0, specialized.ResultPositions);
    }

    [Fact]
    public void A_computed_tensor_that_is_assigned_to_has_a_new_value_for_all_who_hold_it()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        var x = f.Load(f.Parameter("x"));
        var y = f.Mul(x, x);
        var before = f.Apply(OpCode.Exp, ("x", y));
        f.Assign(y, x);
        f.Return(f.MakeList(y, before, f.Apply(OpCode.Neg, ("x", y))));
        Assert.Equal("%1 = mul(x, x); %2 = exp(%1); %3 = neg(x); return x; return %2; return %3", Graphs.Print(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void An_assignment_of_another_type_names_both()
    {
        var f = new FunctionWriter("M:F");
        f.Assign(f.State(new FakeTensor("_w", 5)), f.Load(f.Parameter("x")));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(X));
        Assert.Contains("f32[5]", e.Message, StringComparison.Ordinal);
        Assert.Contains("f32[4]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_view_taken_before_an_assignment_keeps_what_it_saw()
    {
        var w = new FakeTensor("_w", 4);
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var view = f.Apply(OpCode.Reshape, ("x", f.State(w)), ("shape", f.MakeList(f.Literal(2), f.Literal(2))));
        f.Assign(f.State(w), x);
        f.Return(f.Apply(OpCode.Exp, ("x", view)));
        Assert.Equal("%2 = reshape(w); %3 = exp(%2); return %3; w := x", Graphs.Print(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void Results_are_tensors_in_the_order_of_a_walk()
    {
        var w = new FakeTensor("_w", 4);
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        var (x, y) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("y")));
        f.Return(f.MakeList(y, f.MakeList(x, f.State(w)), f.Thunk("all", (_, _) => new[] { w })));
        var specialized = f.Specialize(X, X);
        Assert.Equal("return y; return x; return w; return w", Graphs.Print(specialized.Module.Root));
        Assert.Equal(4, specialized.ResultPositions);
    }

    [Fact]
    public void A_host_value_in_the_result_runs_eagerly()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        f.Return(f.MakeList(f.Load(f.Parameter("x")), f.Literal("3")));
        Assert.True(Assert.Throws<GraphCompileException>(() => f.Specialize(X)).EagerIsPossible);
    }

    [Fact]
    public void A_number_in_the_result_is_a_tensor_of_rank_0()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        f.Return(f.MakeList(f.Load(f.Parameter("x")), f.Literal(3)));
        var specialized = f.Specialize(X);
        Assert.Equal(2, specialized.ResultPositions);
        Assert.Equal(new TensorType(DType.I32, Shape.Scalar), specialized.Module.Root.TypeOf(specialized.Module.Root.Outputs[1].Value));
    }

    [Fact]
    public void A_list_argument_is_one_input_per_tensor()
    {
        var f = new FunctionWriter("M:F");
        var xs = f.Parameter("xs", FunctionWriter.List);
        f.Return(f.Apply(OpCode.Concat, ("xs", f.Load(xs)), ("axis", f.Literal(0))));
        var specialized = Specializer.Specialize(f.Build(), null, [new TensorListSpec([X, Graphs.F32(3)])]);
        Assert.Equal([new ArgumentBinding(0, 0), new ArgumentBinding(0, 1)], specialized.Inputs);
        Assert.Equal(Graphs.F32(7), Graphs.ResultType(specialized.Module.Root));
    }
}
