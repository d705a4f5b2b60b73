namespace Unified.Ir.Tests;

/// <summary>The forms as people read and write them.</summary>
public sealed class TextFormTests
{
    private const string Layer =
        """
        graph @main(%0 x: arg f32[B,784], %1 w: state f32[784,512]) -> (result %3, assign %4 to %1) {
          %2: f32[B,512] = mat_mul(%0, %1) {transposeA=false, transposeB=false}
          %3: f32[B,512] = call @act(%2)
          %4: f32[784,512] = neg(%1)
        }

        graph @act(%0 "the input": arg f32[B,512]) -> (result %2) {
          %1: f32[] = constant() {dtype=f32, value=-0.0}
          %2: f32[B,512] = maximum(%0, %1)
        }

        """;

    private const string Forward =
        """
        func @"M:Ns.Mlp.Forward(Unified.Tensor)"(this: host<Ns.Mlp>, x: tensor<Tensor> [B,784]) -> tensor<Tensor> [B,10] {
          registers 19
          locals {
            $0 this: host<Ns.Mlp>
            $1 x: tensor<Tensor>
            $2 i: host<int>
          }
          thunks {
            !0 "this._layers"() -> host<List<Linear>>
            !1 guard "Training"() -> host<bool>
          }
          callees {
            @0 "M:Ns.Linear.Forward(Unified.Tensor)"
          }
          body {
            %0 = literal 0
            store $2, %0
            %1 = thunk !0()
            loop test_first while {
              %2 = load $2
              %3 = count %1
              %4 = host lt(%2, %3): bool
              yield %4
            } do {
              %5 = load $2
              %6 = item %1[%5]
              %7 = load $1
              %8 = call @0(%6, %7)
              store $1, %8
            } step {
              %9 = load $2
              %10 = literal 1
              %11 = host add(%9, %10): int
              store $2, %11
            }
            %12 = thunk !1()
            if %12 {
              %13 = load $1
              %14 = literal 0.1f
              %15 = apply mul(x=%13, y=%14)
              store $1, %15
            } else {}
            %16 = load $1
            %17 = index %16[all, at ^%0, range %0..^%10, range _..%10, tensor %16]
            %18 = apply relu(x=%17)
            return %18
          }
        }

        """;

    [Fact]
    public void Graphs_print_as_they_are_written()
    {
        var module = GraphText.Parse(Layer);
        Assert.Equal(Layer, GraphText.Print(module));
        Assert.Equal(["main", "act"], module.Graphs.Select(g => g.Name));
        Assert.Equal(new GraphOutput(4, OutputKind.Assign, 1), module.Root.Outputs[1]);
        Assert.Equal("act", module.Root.Nodes[1].Callee);
        Assert.Equal(TensorTypeText.Parse("f32[B,512]"), module.Root.TypeOf(2));
    }

    [Fact]
    public void Functions_print_as_they_are_written()
    {
        var function = FunctionText.Parse(Forward);
        Assert.Equal(Forward, FunctionText.Print(function));
        Assert.Equal("M:Ns.Mlp.Forward(Unified.Tensor)", function.Key);
        Assert.Equal(Shape.From(Dim.Named("B"), 784), function.Parameters[1].Shape);
        Assert.True(function.Thunks[1].IsGuard);
    }

    [Fact]
    public void Places_stand_at_the_end_when_asked()
    {
        var node = GraphText.ParseGraph("graph @g(%0 x: arg f32[]) -> () { %1: f32[] = neg(%0) loc(\"a.cs\", 3, 14, \"-\\\"x\\\"\") }");
        Assert.Equal(new SourceSpan("a.cs", 3, 14, "-\"x\""), node.Nodes[0].Source);
        Assert.Contains(" = neg(%0) loc(\"a.cs\", 3, 14, \"-\\\"x\\\"\")\n", GraphText.Print(node, sources: true), StringComparison.Ordinal);
        Assert.DoesNotContain("loc", GraphText.Print(node), StringComparison.Ordinal);
    }

    [Fact]
    public void Comments_and_line_ends_mean_nothing()
    {
        var text = "// a graph\r\n" + Layer.Replace("\n", " // end\r\n", StringComparison.Ordinal);
        Assert.Equal(Layer, GraphText.Print(GraphText.Parse(text)));
    }

    [Theory]
    [InlineData("graph @g(%0 x: arg f32[B) -> () {}", 1, 25, "expected ']', found ')'")]
    [InlineData("graph @g(%0 x: arg f33[B]) -> () {}", 1, 20, "expected a dtype (bool, u8, i8, i16, i32, i64, f16, bf16, f32, f64), found 'f33'")]
    [InlineData("graph @g(%1 x: arg f32[]) -> () {}", 1, 10, "inputs are numbered in order: this is %0")]
    [InlineData("graph @g() -> () {\n  %0: f32[] = nag()\n}", 2, 15, "no op is called 'nag'")]
    [InlineData("graph @g() -> () {\n  %0: f32[] = neg() {axis=1, axis=2}\n}", 2, 30, "attribute 'axis' is given twice")]
    [InlineData("graph @g() -> () {\n  %0: f32[] = neg()\n  %0: f32[] = neg()\n}", 3, 3, "%0 is defined twice")]
    [InlineData("graph @g() -> () {\n  %5: f32[] = neg()\n}", 3, 2, "graph @g numbers values beyond %0, but %0 is missing")]
    [InlineData("graph @g(%0 \"x: arg f32[]) -> () {}", 1, 13, "the string has no closing quote")]
    [InlineData("graph @\"\\x\"() -> () {}", 1, 9, "unknown escape; known are \\\" \\\\ \\n \\r \\t \\uXXXX")]
    [InlineData("graph @g(%0 x: arg f32[]) -> (return %0) {}", 1, 31, "expected result, assign, rebind, found 'return'")]
    [InlineData("graph @g() -> () {} trailing", 1, 21, "expected 'graph', found 'trailing'")]
    [InlineData("graph @g() -> () {", 1, 19, "expected an op or '}', found the end of the text")]
    public void Graph_errors_name_the_place(string text, int line, int column, string problem)
    {
        var error = Assert.Throws<IrTextException>(() => GraphText.Parse(text));
        Assert.Equal($"line {line}, column {column}: {problem}", error.Message);
        Assert.Equal((line, column), (error.Line, error.Column));
    }

    [Theory]
    [InlineData("%0 = load $0", "%0 = store $0, %1", 1, "'store' has no result")]
    [InlineData("%0 = load $0", "%0 = frob %1", 1, "expected an instruction, 'yield' or '}', found 'frob'")]
    [InlineData("%0 = load $0", "%0 = apply frob()", 1, "no op is called 'frob'")]
    [InlineData("%0 = load $0", "%0 = literal 3x", 1, "expected a literal: null, true, false, 3, 3L, 1.5, 1.5f or a string, found '3'")]
    [InlineData("%0 = load $0", "loop sometimes", 1, "expected 'test_first' or 'test_last', found 'sometimes'")]
    [InlineData("$0 x", "$1 x", 0, "locals are numbered in order: this is $0")]
    [InlineData("host<int>", "hast<int>", 0, "expected tensor, host, aggregate or void, found 'hast'")]
    [InlineData("host<int>", "host<int", 0, "no '>' on this line closes the '<'")]
    public void Function_errors_name_the_place(string part, string replacement, int body, string problem)
    {
        const string Text = "func @f() -> host<int> {\n  registers 2\n  locals {\n    $0 x: tensor<T>\n  }\n  body {\n    %0 = load $0\n  }\n}\n";
        FunctionText.Parse(Text);
        var error = Assert.Throws<IrTextException>(() => FunctionText.Parse(Text.Replace(part, replacement, StringComparison.Ordinal)));
        Assert.EndsWith(": " + problem, error.Message, StringComparison.Ordinal);
        Assert.Equal(body == 1, error.Line == 7);
    }
}
