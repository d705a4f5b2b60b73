using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class GuardTests
{
    private static readonly TensorType X = Graphs.F32(4);

    private sealed class Model
    {
        public bool Training { get; set; } = true;

        public FakeTensor Weight { get; set; } = new("weight", 4);

        public FakeTensor? Bias { get; set; }
    }

    [Fact]
    public void A_host_value_that_may_change_is_guarded_once()
    {
        var model = new Model();
        var f = new FunctionWriter("M:F");
        f.This();
        var x = f.Load(f.Parameter("x"));
        var training = f.DeclareThunk("Training", (self, _) => ((Model)self!).Training, guard: true);
        f.If(f.Evaluate(training), () => f.If(f.Evaluate(training), () => f.Return(f.Apply(OpCode.Exp, ("x", x)))));
        f.Return(x);
        var specialized = f.SpecializeOn(model, X);
        Assert.Equal(["exp"], Graphs.Ops(specialized.Module.Root));
        var guard = Assert.Single(specialized.Guards);
        Assert.Same(model, guard.Self);
        Assert.True(guard.Holds());
        model.Training = false;
        Assert.False(guard.Holds());
    }

    [Fact]
    public void Guards_with_different_arguments_are_different()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var thunk = f.DeclareThunk("_flags[i]", (_, a) => (int)a[0]! > 0, guard: true, types: "int");
        var (zero, one) = (f.Literal(0), f.Literal(1));
        f.Evaluate(thunk, zero);
        f.Evaluate(thunk, one);
        f.Evaluate(thunk, zero);
        Assert.Equal([false, true], f.Specialize().Guards.Select(g => (bool)g.Expected!));
    }

    [Fact]
    public void A_settable_tensor_is_fetched_at_each_call()
    {
        var model = new Model();
        var f = new FunctionWriter("M:F");
        f.This();
        f.Return(f.Mul(f.Load(f.Parameter("x")), f.Guard("Weight", (self, _) => ((Model)self!).Weight)));
        var specialized = f.SpecializeOn(model, X);
        var binding = Assert.IsType<ThunkBinding>(specialized.Inputs[1]);
        Assert.Same(model, binding.Self);
        Assert.Same(model.Weight, binding.Function.Invoke(binding.Thunk, binding.Self, [.. binding.Arguments]));
        Assert.Empty(specialized.Guards);
    }

    [Fact]
    public void A_settable_tensor_that_is_null_is_guarded()
    {
        var model = new Model();
        var f = new FunctionWriter("M:F");
        f.This();
        var x = f.Load(f.Parameter("x"));
        var bias = f.Guard("Bias", (self, _) => ((Model)self!).Bias);
        f.If(f.HostOp("eq", "bool", bias, f.Literal(null)), () => f.Return(x));
        f.Return(f.Add(x, bias));
        var guard = Assert.Single(f.SpecializeOn(model, X).Guards);
        model.Bias = new FakeTensor("bias", 4);
        Assert.False(guard.Holds());
        Assert.Equal(["add"], Graphs.Ops(f.SpecializeOn(model, X).Module.Root));
    }

    [Fact]
    public void A_null_check_of_a_tensor_does_not_pin_it()
    {
        var model = new Model();
        var f = new FunctionWriter("M:F");
        f.This();
        var weight = f.Guard("Weight", (self, _) => ((Model)self!).Weight);
        f.If(f.HostOp("ne", "bool", weight, f.Literal(null)), () => f.Return(f.Mul(weight, f.Load(f.Parameter("x")))));
        f.Return(weight);
        var specialized = f.SpecializeOn(model, X);
        Assert.Empty(specialized.Guards);
        Assert.Single(specialized.Inputs.OfType<ThunkBinding>());
    }

    [Fact]
    public void Two_ways_to_one_tensor_are_both_guarded()
    {
        var model = new Model();
        var f = new FunctionWriter("M:F");
        f.This();
        var settable = f.Guard("Weight", (self, _) => ((Model)self!).Weight);
        var listed = f.Item(f.Thunk("_all", (self, _) => new[] { ((Model)self!).Weight }), 0);
        f.Return(f.Mul(settable, listed));
        var specialized = f.SpecializeOn(model);
        Assert.Equal([new TensorBinding(model.Weight)], specialized.Inputs);
        Assert.Same(model.Weight, Assert.Single(specialized.Guards).Expected);
    }

    [Fact]
    public void A_tensor_that_something_is_looked_up_by_is_pinned()
    {
        var model = new Model();
        var moment = new FakeTensor("moment", 4);
        var f = new FunctionWriter("M:F");
        f.This();
        var weight = f.Guard("Weight", (self, _) => ((Model)self!).Weight);
        var found = f.Thunk("_moments[p]", (_, a) => ReferenceEquals(a[0], model.Weight) ? moment : null, weight);
        f.Return(f.Mul(weight, found));
        var specialized = f.SpecializeOn(model);
        Assert.Equal([new TensorBinding(model.Weight), new TensorBinding(moment)], specialized.Inputs);
        Assert.Single(specialized.Guards);
    }

    [Fact]
    public void A_computed_tensor_cannot_go_into_a_host_expression()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var x = f.Load(f.Parameter("x"));
        f.Thunk("Console.WriteLine(y)", (_, _) => null, f.Mul(x, x));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(X));
        Assert.True(e.EagerIsPossible);
        Assert.Contains("'Console.WriteLine(y)'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Host_arguments_have_the_types_that_the_thunk_declares()
    {
        object?[] seen = [];
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var thunk = f.DeclareThunk("probe", (_, a) => seen = a, types: ["byte", "int[]", "string"]);
        f.Evaluate(thunk, f.Literal(7), f.MakeList(f.Literal(1), f.Literal(2)), f.Literal("text"));
        f.Specialize();
        Assert.Equal((byte)7, seen[0]);
        Assert.Equal([1, 2], Assert.IsType<int[]>(seen[1]));
        Assert.Equal("text", seen[2]);
    }
}
