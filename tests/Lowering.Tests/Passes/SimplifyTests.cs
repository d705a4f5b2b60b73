using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class SimplifyTests
{
    private static readonly Dim B = Dim.Named("B"), T = Dim.Named("T");

    private static readonly Attributes None = Attributes.Empty;

    /// <summary>A graph of x: f64[B,T,4], v: f64[4], u: f64[B,1,4], n: i32[B], m: bool[B,T,4]; and the ops that are left of it.</summary>
    private static readonly ImmutableDictionary<string, (Func<GraphBuilder, OpValue> Make, string Left)> Rows = new (string Name, Func<GraphBuilder, OpValue> Make, string Left)[]
    {
        ("times 1", b => b[0] * 1, string.Empty),
        ("1 times", b => b.ScalarLike(b[0], 1) * b[0], string.Empty),
        ("times ones", b => b[0] * b.Full(b[0].Shape, DType.F64, 1), string.Empty),
        ("times broadcast 1", b => b[0] * b.BroadcastTo(b.ScalarLike(b[0], 1), b[0].Shape), string.Empty),
        ("small times many ones", b => b[1] * b.Full(b[0].Shape, DType.F64, 1), "broadcast_to"),
        ("over 1", b => b[0] / 1, string.Empty),
        ("less 0", b => b[0] - 0, string.Empty),
        ("less -0", b => b[0] - (-0.0), "constant sub"),
        ("plus 0", b => b[0] + 0, "constant add"),
        ("plus -0", b => b[0] + (-0.0), string.Empty),
        ("integer plus 0", b => b.ScalarLike(b[3], 0) + b[3], string.Empty),
        ("neg neg", b => -(-b[0]), string.Empty),
        ("plus neg", b => b[0] + (-b[1]), "sub"),
        ("neg plus", b => (-b[0]) + b[1], "sub"),
        ("less neg", b => b[0] - (-b[1]), "add"),
        ("not not", b => b.Apply(OpCode.LogicalNot, b.Apply(OpCode.LogicalNot, b[4])), string.Empty),
        ("stop gradient", b => b.Apply(OpCode.StopGradient, b[0]), string.Empty),
        ("cast to itself", b => b.Apply(OpCode.Cast, None.With("dtype", DType.F64), b[0]), string.Empty),
        ("wide and back", b => b.Cast(b.Cast(b[3], DType.I64), DType.I32), string.Empty),
        ("integer to f64 and back", b => b.Cast(b.Cast(b[3], DType.F64), DType.I32), string.Empty),
        ("narrow and back", b => b.Cast(b.Cast(b[0], DType.F32), DType.F64), "cast cast"),
        ("integer to f32 and back", b => b.Cast(b.Cast(b[3], DType.F32), DType.I32), "cast cast"),
        ("pad by nothing", b => b.Apply(OpCode.Pad, None.With("low", [0]).With("high", [0]), b[1]), string.Empty),
        ("concat of one", b => b.Apply(OpCode.Concat, None.With("axis", 0L), b[1]), string.Empty),
        ("full of rank 0", b => b.Full(Shape.Scalar, DType.F64, 2), "constant"),
        ("cast of a constant", b => b.Cast(b.Scalar(DType.F64, 2), DType.I32), "constant"),
        ("select by a constant", b => b.Select(b.Scalar(DType.Bool, 0), b[0], b[1]), "broadcast_to"),
        ("select of the same", b => b.Select(b[4], b[0], b[0]), string.Empty),
        ("product of a transpose", b => b.MatMul(b.SwapLast(b[0]), b[0]), "mat_mul"),
        ("product with a transpose", b => b.MatMul(b[0], b.SwapLast(b[0])), "mat_mul"),
        ("product of a moved batch", b => b.MatMul(b.Transpose(b[0], [1, 0, 2]), b.Transpose(b[0], [1, 2, 0])), "transpose transpose mat_mul"),
        ("sum over axes of size 1", b => b.Sum(b[2], [1]), "reshape"),
        ("kept sum over axes of size 1", b => b.Sum(b[2], [1], keepDims: true), string.Empty),
        ("maximum over some axes of size 1", b => b.Reduce(OpCode.ReduceMax, b[2], [0, 1], keepDims: false), "reduce_max reshape"),
        ("reshape to itself", b => b.Apply(OpCode.Reshape, None.With("shape", [B, T, -1]), b[0]), string.Empty),
        ("reshape there and back", b => b.Reshape(b.Reshape(b[0], Shape.From(B * T, 4)), b[0].Shape), string.Empty),
        ("three reshapes", b => b.Reshape(b.Reshape(b.Reshape(b[0], Shape.From(B * T, 4)), Shape.From(B * T, 2, 2)), Shape.From(T * 4, B)), "reshape"),
        ("transpose there and back", b => b.Transpose(b.Transpose(b[0], [2, 0, 1]), [1, 2, 0]), string.Empty),
        ("three transposes", b => b.Transpose(b.Transpose(b.Transpose(b[0], [2, 0, 1]), [0, 2, 1]), [1, 0, 2]), "transpose"),
        ("transpose of an axis of size 1", b => b.Transpose(b[2], [1, 0, 2]), "reshape"),
        ("broadcast of broadcast", b => b.BroadcastTo(b.BroadcastTo(b[1], Shape.From(T, 4)), b[0].Shape), "broadcast_to"),
        ("broadcast by axes of size 1", b => b.BroadcastTo(b[1], Shape.From(1, 1, 4)), "reshape"),
        ("all of it sliced", b => b.Slice(b[0], [0, 0, 0], b[0].Shape), string.Empty),
        ("slice of slice", b => b.Slice(b.Slice(b[1], [1], [2]), [1], [1]), "slice"),
        ("view of a constant", b => b.Transpose(b.BroadcastTo(b.ScalarLike(b[0], 3), b[0].Shape), [2, 1, 0]), "full"),
        ("broadcast operand", b => b[0] * b.BroadcastTo(b[1], b[0].Shape), "mul"),
        ("broadcast operands", b => b.Select(b[4], b.BroadcastTo(b[1], b[0].Shape), b.BroadcastTo(b[2], b[0].Shape)), "select"),
        ("broadcast operand that gives the shape", b => b[1] + b.BroadcastTo(b[2], b[0].Shape), "add broadcast_to"),
        ("full operand", b => b[0] * b.Full(b[0].Shape, DType.F64, 2), "constant mul"),
        ("function of a broadcast", b => b.Apply(OpCode.Exp, b.BroadcastTo(b[1], b[0].Shape)) * b[0], "exp mul"),
    }.ToImmutableDictionary(r => r.Name, r => (r.Make, r.Left));

    public static TheoryData<string> Names => [.. Rows.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Rules(string name)
    {
        var b = Modules.Graph();
        foreach (var (input, type) in new[] { ("x", "f64[B,T,4]"), ("v", "f64[4]"), ("u", "f64[B,1,4]"), ("n", "i32[B]"), ("m", "bool[B,T,4]") })
        {
            b.Input(input, type);
        }

        b.Returning(Rows[name].Make(b));
        var before = b.Module();
        var after = before.Run(new Simplify(), new EliminateDeadCode());
        Assert.Equal(Rows[name].Left, Modules.Ops(after.Root));
        Evaluation.Same(before, after, 0);
    }

    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(new Simplify().Run, tolerance: 1e-12);

    [Fact]
    public void Composed_slices_take_the_same_elements()
    {
        var b = Modules.Graph();
        var x = b.Input("x", "f64[40]");
        b.Returning(b.Slice(b.Slice(x, [3], [12], [3]), [1], [4], [2]));
        var after = b.Module().Run(new Simplify(), new EliminateDeadCode());
        Assert.Equal("slice", Modules.Ops(after.Root));
        Evaluation.Same(b.Module(), after, 0);
    }

    [Fact]
    public void A_constant_is_what_its_dtype_makes_of_it()
    {
        var b = Modules.Graph();
        b.Returning(b.Cast(b.Scalar(DType.F32, 0.1), DType.F64));
        var after = b.Module().Run(new Simplify(), new EliminateDeadCode());
        Assert.Equal((double)0.1f, Assert.Single(after.Root.Nodes).Attributes.Float("value"));
    }

    [Fact]
    public void Not_a_number_is_not_simplified_away()
    {
        var b = Modules.Graph();
        b.Returning(b.Input("x", "f64[B]") * double.NaN);
        Assert.Equal("constant mul", Modules.Ops(new Simplify().Run(b.Module()).Root));
    }

    [Fact]
    public void A_graph_to_which_no_rule_applies_is_left_as_it_is()
    {
        var module = new GraphModule([Modules.Block()]);
        Assert.Same(module.Root, new Simplify().Run(module).Root);
    }
}
