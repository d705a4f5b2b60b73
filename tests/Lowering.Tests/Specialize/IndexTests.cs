using System.Collections.Immutable;
using CsCheck;
using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class IndexTests
{
    private static readonly Dim B = Dim.Named("B");
    private static readonly Dim T = Dim.Named("T");

    private static readonly string[] Kinds = ["..", "0", "2", "^1", "1..", "..^2", "1..3"];

    // An index as C# writes it: ^ marks "from the end".
    private static SpecializedFunction Index(TensorType type, params string[] items)
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var parsed = items.Select(i => Parse(f, x, i)).ToImmutableArray();
        f.Return(f.Emit(r => new IndexInstruction(r, x, parsed, f.Place($"x[{string.Join(", ", items)}]"))));
        return f.Specialize(type);
    }

    private static IndexItem Parse(FunctionWriter f, int x, string text)
    {
        if (text == "..")
        {
            return new IndexItem("all");
        }

        var ends = text.Split("..");
        var (start, startFromEnd) = End(ends[0]);
        if (ends.Length == 1)
        {
            return new IndexItem("at", start, StartFromEnd: startFromEnd);
        }

        var (end, endFromEnd) = End(ends[1]);
        return new IndexItem("range", start, end, startFromEnd, endFromEnd);

        (int Register, bool FromEnd) End(string end) => end switch
        {
            "" => (Instruction.None, false),
            ['^', .. var rest] => (f.Literal(int.Parse(rest)), true),
            ['d', .. var axis] => (f.Dim(x, int.Parse(axis)), false),
            _ => (f.Literal(int.Parse(end)), false),
        };
    }

    [Theory]
    [InlineData("[5,6]", "0")]
    [InlineData("[4,5]", "..", "..", "1")]
    [InlineData("[4,5]", "..", "^1")]
    [InlineData("[5,6]", "-1")]
    [InlineData("[2,5,6]", "1..3")]
    [InlineData("[3,5,6]", "..^1")]
    [InlineData("[2,5,6]", "^2..")]
    [InlineData("[2,6]", "2..4", "3")]
    [InlineData("[4,5,6]", "..")]
    [InlineData("[6]", "1", "2", "..")]
    [InlineData("[]", "1", "2", "3")]
    [InlineData("[4,5,2]", "..", "..", "2..4")]
    [InlineData("[0,5,6]", "2..2")]
    public void Constant_indices(string expected, params string[] items) =>
        Assert.Equal(expected, Graphs.ResultType(Index(Graphs.F32(4, 5, 6), items).Module.Root).Shape.ToString());

    [Theory]
    [InlineData("[T,8]", "0")]
    [InlineData("[B,8]", "..", "^1", "..")]
    [InlineData("[B-1,T,8]", "1..")]
    [InlineData("[B,T-2,8]", "..", "1..^1", "..")]
    [InlineData("[B,T]", "..", "3")]
    [InlineData("[T,T,8]", "..d1")]
    public void Symbolic_indices(string expected, params string[] items) =>
        Assert.Equal(expected, Graphs.ResultType(Index(Graphs.F32(B, T, 8), items).Module.Root).Shape.ToString());

    [Fact]
    public void The_last_item_of_a_named_axis_starts_at_its_size_less_one()
    {
        var specialized = Index(Graphs.F32(B, T), "..", "^1");
        Assert.Equal(["slice", "reshape"], Graphs.Ops(specialized.Module.Root));
        Assert.Equal([Dim.Zero, T - 1], specialized.Module.Root.Nodes[0].Attributes.Dims("starts"));
        Assert.Equal([T - 1], specialized.Requirements.Select(r => r.NonNegative));
    }

    [Fact]
    public void A_range_up_to_a_named_dim_requires_that_it_fits()
    {
        var f = new FunctionWriter("M:F");
        var (x, table) = (f.Load(f.Parameter("x")), f.State(new FakeTensor("_positions", 1024, 8)));
        var items = ImmutableArray.Create(new IndexItem("range", Instruction.None, f.Dim(x, 1)));
        f.Return(f.Emit(r => new IndexInstruction(r, table, items, f.Place("_positions[..T]"))));
        var specialized = f.Specialize(Graphs.F32(B, T));
        var requirement = Assert.Single(specialized.Requirements);
        Assert.Equal(1024 - T, requirement.NonNegative);
        Assert.Equal("_positions[..T]", requirement.Source!.Text);
        Assert.Equal(Graphs.F32(T, 8), Graphs.ResultType(specialized.Module.Root));
    }

    [Theory]
    [InlineData("4")]
    [InlineData("-5")]
    [InlineData("^5")]
    [InlineData("^0")]
    [InlineData("..5")]
    [InlineData("3..1")]
    public void Out_of_range_is_an_error_at_the_expression(string item)
    {
        var e = Assert.Throws<GraphCompileException>(() => Index(Graphs.F32(4, 5), item));
        Assert.Equal($"x[{item}]", e.Place!.Text);
        Assert.Contains("[4,5]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_items_name_the_rank() =>
        Assert.Contains("rank 1", Assert.Throws<GraphCompileException>(() => Index(Graphs.F32(4), "0", "0")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_index_tensor_gathers_along_its_axis()
    {
        var f = new FunctionWriter("M:F");
        var (x, rows) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("rows")));
        var items = ImmutableArray.Create(new IndexItem("at", f.Literal(1)), new IndexItem("tensor", rows));
        f.Return(f.Emit(r => new IndexInstruction(r, x, items)));
        var graph = f.Specialize(Graphs.F32(4, 5, 6), new TensorType(DType.I64, Shape.From(B, 2))).Module.Root;
        Assert.Equal(["slice", "reshape", "gather"], Graphs.Ops(graph));
        Assert.Equal(0, graph.Nodes[2].Attributes.Int("axis"));
        Assert.Equal(Graphs.F32(B, 2, 6), Graphs.ResultType(graph));
    }

    [Fact]
    public void A_symbolic_graph_with_sizes_put_in_is_the_graph_of_these_sizes() =>
        (from items in Gen.Int[0, Kinds.Length - 1].Select(i => Kinds[i]).Array[1, 3]
         from b in Gen.Int[4, 9]
         from t in Gen.Int[4, 9]
         select (items, b, t)).Sample(
            s =>
            {
                var symbolic = Index(Graphs.F32(B, T, 5), s.items);
                var sizes = new Dictionary<string, Dim> { ["B"] = s.b, ["T"] = s.t };
                var expected = Graphs.ResultType(Index(Graphs.F32(s.b, s.t, 5), s.items).Module.Root);
                var values = new Dictionary<string, long> { ["B"] = s.b, ["T"] = s.t };
                Assert.Equal(expected.Shape, Graphs.ResultType(symbolic.Module.Root).Shape.Substitute(n => sizes[n]));
                Assert.All(symbolic.Requirements, r => Assert.True(r.NonNegative.Evaluate(values) >= 0));
            },
            iter: 500,
            seed: "0000000000000");
}
