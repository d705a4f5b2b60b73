using System.Collections.Immutable;

namespace Unified.Ir.Tests;

public sealed class GraphVerifierTests
{
    private const string Callee = "graph @f(%0 x: arg f32[4]) -> (result %1) { %1: f32[4] = neg(%0) }";

    /// <summary>A module that breaks one rule and no other, and a part of the message.</summary>
    public static TheoryData<string, GraphModule, string> Broken => new()
    {
        { "inputs-first", Change(g => g with { Inputs = [g.Inputs[0] with { Type = TensorTypeText.Parse("f32[5]") }] }), "input 0 (x) is f32[5], but its value is f32[4]" },
        { "defined-once", Change(g => g with { Nodes = g.Nodes.Add(g.Nodes[0]) }), "%1 is already the result of another node" },
        { "numbered-densely", Change(g => g with { Types = g.Types.Add(g.Types[0]) }), "%2 has a type, but nothing defines it" },
        { "numbered-densely", Change(g => g with { Types = g.Types[..1], Outputs = [] }), "%1 is beyond the 1 values" },
        { "operands-before-uses", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4] = neg(%2) %2: f32[4] = neg(%0) }"), "%1 = neg: %2 is used before it is defined" },
        { "operands-before-uses", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4] = neg(%9) }"), "%9 is used before" },
        { "attributes-complete", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4,2] = mat_mul(%0, %0) }"), "" },
        { "types-inferred", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[5] = neg(%0) }"), "results are (f32[5]), the op's rule says (f32[4])" },
        { "types-inferred", Parse("graph @g(%0 x: arg f32[4], %1 y: arg f32[3]) -> () { %2: f32[4] = add(%0, %1) }"), "add(x: f32[4], y: f32[3])" },
        { "outputs-exist", Parse("graph @g(%0 x: arg f32[4]) -> (result %7) {}"), "output %7 is no value" },
        { "assign-to-state", Parse("graph @g(%0 x: arg f32[4]) -> (assign %0 to %0) {}"), "which is an argument, not state" },
        { "assign-to-state", Parse("graph @g(%0 x: state f32[4]) -> (assign %0) {}"), "%-1, which is no input" },
        { "assign-to-state", Parse("graph @g(%0 x: state f32[4], %1 y: arg f32[3]) -> (assign %1 to %0) {}"), "%1 of type f32[3] is assigned to x of type f32[4]" },
        { "assign-to-state", Parse("graph @g(%0 x: state f32[4]) -> (result %0 to %0) {}"), "is no assignment, but names input %0" },
        { "assigned-once", Parse("graph @g(%0 x: state f32[4]) -> (assign %0 to %0, assign %0 to %0) {}"), "input %0 is assigned 2 times" },
        { "names-unique", Parse(Callee + Callee), "2 graphs have this name" },
        { "callee-exists", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4] = call @h(%0) }"), "the module has no graph @h" },
        { "callee-exists", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4] = call(%0) }"), "names no graph" },
        { "callee-exists", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4] = neg @f(%0) }" + Callee), "is no call, but names @f" },
        { "call-types", Parse("graph @g(%0 x: arg f32[5]) -> () { %1: f32[4] = call @f(%0) }" + Callee), "operands are (f32[5]), @f takes (f32[4])" },
        { "call-types", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[5] = call @f(%0) }" + Callee), "results are (f32[5]), @f gives (f32[4])" },
        { "control-types", Parse("graph @g(%0 x: arg f32[4], %1 c: arg f32[]) -> () { %2: f32[4] = if @f(%1, %0, %0) }" + Callee), "the condition is f32[], not bool[]" },
        { "control-types", Parse("graph @g(%0 x: arg f32[4], %1 c: arg bool[]) -> () { %2: f32[4] = if @f(%1, %1, %0) }" + Callee), "otherwise they are (bool[])" },
        { "control-types", Parse("graph @g(%0 x: arg f32[4], %1 c: arg bool[]) -> () { %2: f32[4] = if @f(%1, %0) }" + Callee), "gives (), @f takes (f32[4])" },
        { "control-types", Parse("graph @g(%0 x: arg f32[4], %1 c: arg bool[]) -> () { %2: f32[4] = while @f(%1, %0) }" + Callee), "needs (bool[], f32[4]), @f gives (f32[4])" },
        { "control-types", Parse("graph @g(%0 c: arg bool[]) -> () { %1: bool[] = if @f(%0) }" + Callee), "1 operands are too few for 1 results" },
        { "no-recursion", Parse("graph @g(%0 x: arg f32[4]) -> (result %1) { %1: f32[4] = call @g(%0) }"), "calls itself" },
        { "gradient-types", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[4] = gradient(%0, %0) }"), "takes a rank-0 loss" },
        { "gradient-types", Parse("graph @g(%0 x: arg f32[]) -> () { %1: f32[4] = gradient(%0, %0) }"), "but it differentiates by (f32[])" },
        { "tangent-types", Parse("graph @g(%0 x: arg f32[4], %1 t: arg f32[3]) -> () { %2: f32[4] = tangent(%0, %0, %1) }"), "as many tangents of the same floating-point types" },
        { "tangent-types", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[3] = tangent(%0, %0, %0) }"), "but the tangent is of f32[4]" },
        { "example-types", Parse("graph @g(%0 x: arg f32[4,3]) -> () { %1: f32[4] = example(%0) {axis = 0} }"), "is no example of (f32[4,3]) along axis 0" },
        { "example-types", Parse("graph @g(%0 x: arg f32[4,3]) -> () { %1: f32[4] = examples(%0, %0) {axes = [0]} }"), "those of one example are (f32[4,3], f32[4,3])" },
        { "custom-gradient-types", Parse("graph @g(%0 x: arg f32[3]) -> () { %1: f32[3] = custom_gradient @f(%0, %0) {wrt = 1} }" + Callee), "gives (f32[3]), @f takes (f32[4])" },
        { "custom-gradient-types", Parse("graph @g(%0 x: arg f32[4], %1 w: arg f32[3]) -> () { %2: f32[4] = custom_gradient @f(%0, %1) {wrt = 1} }" + Callee), "the gradients are (f32[4]), for (f32[3])" },
        { "watch-types", Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[3] = watch(%0) }"), "marks (f32[4]), but gives (f32[3])" },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void A_broken_rule_is_named(string rule, GraphModule module, string message)
    {
        var problems = GraphVerifier.Verify(module);
        Assert.Contains(problems, p => p.Contains($": {rule}: ", StringComparison.Ordinal) && p.Contains(message, StringComparison.Ordinal));
        Assert.All(problems, p => Assert.StartsWith("graph @", p, StringComparison.Ordinal));
        Assert.Equal(problems, Assert.Throws<IrVerifyException>(() => GraphVerifier.Check(module)).Problems);
    }

    [Fact]
    public void Every_rule_has_an_example() =>
        Assert.Empty(GraphVerifier.RuleNames.Except(Broken.Select(b => b.Data.Item1)));

    [Fact]
    public void Regions_are_verified()
    {
        var inner = Parse("graph @inner(%0 x: arg f32[4]) -> (result %7) {}").Root;
        var module = Change(g => g with { Nodes = [g.Nodes[0] with { Regions = [inner] }] });
        Assert.Equal(["graph @f, region @inner: outputs-exist: output %7 is no value"], GraphVerifier.Verify(module));
    }

    [Fact]
    public void A_valid_module_passes()
    {
        var module = Parse("graph @g(%0 x: arg f32[4]) -> (result %1) { %1: f32[4] = call @f(%0) }" + Callee);
        Assert.Empty(GraphVerifier.Verify(module));
        GraphVerifier.Check(module);
    }

    [Fact]
    public void The_place_in_the_source_is_named()
    {
        var module = Parse("graph @g(%0 x: arg f32[4]) -> () { %1: f32[5] = neg(%0) loc(\"A.cs\", 3, 9, \"-x\") }");
        Assert.Equal(
            ["graph @g: types-inferred: %1 = neg at A.cs(3,9): results are (f32[5]), the op's rule says (f32[4])"], GraphVerifier.Verify(module));
    }

    [Fact]
    public void No_graph_is_a_problem() => Assert.Equal(["module: has no graph"], GraphVerifier.Verify(new GraphModule([])));

    private static GraphModule Parse(string text) => GraphText.Parse(text);

    private static GraphModule Change(Func<Graph, Graph> change) => new([change(Parse(Callee).Root)]);
}
