using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class DeclaredShapeTests
{
    private static readonly Dim B = Dim.Named("B");
    private static readonly Dim T = Dim.Named("T");

    private static FunctionWriter Sum(Shape? result = null)
    {
        var f = new FunctionWriter("M:F") { ResultShape = result };
        var (x, y) = (f.Load(f.Parameter("x", null, B, 8)), f.Load(f.Parameter("y", null, B, T)));
        f.Return(f.Apply(OpCode.Concat, ("xs", f.MakeList(x, y)), ("axis", f.Literal(1))));
        return f;
    }

    [Fact]
    public void Names_stand_for_the_sizes_of_the_call() =>
        Assert.Equal(Graphs.F32(3, 13), Graphs.ResultType(Sum(Shape.From(B, T + 8)).Specialize(Graphs.F32(3, 8), Graphs.F32(3, 5)).Module.Root));

    [Fact]
    public void A_wrong_constant_names_the_argument_and_both_shapes()
    {
        var e = Assert.Throws<GraphCompileException>(() => Sum().Specialize(Graphs.F32(B, 9), Graphs.F32(B, T)));
        Assert.Contains("argument 'x' is declared with shape [B,8] and has shape [B,9]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_is_one_size() =>
        Assert.Contains("'y'", Assert.Throws<GraphCompileException>(() => Sum().Specialize(Graphs.F32(3, 8), Graphs.F32(4, 5))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_wrong_rank_is_an_error() =>
        Assert.Throws<GraphCompileException>(() => Sum().Specialize(Graphs.F32(8), Graphs.F32(4, 5)));

    [Fact]
    public void A_wrong_result_is_an_error() =>
        Assert.Contains("the result", Assert.Throws<GraphCompileException>(() => Sum(Shape.From(B, T)).Specialize(Graphs.F32(3, 8), Graphs.F32(3, 5))).Message, StringComparison.Ordinal);
}
