using Unified.Ir;

namespace Unified.Generators.Tests.Capture;

/// <summary>What single expressions and statements become.</summary>
public class ExpressionTests
{
    private static Captures Body(string body, string result = "Tensor") => Captures.Of($$"""
        public abstract partial class Base : Module
        {
            [StaticGraph] public abstract Tensor Apply(Tensor x);
            [StaticGraph] public virtual Tensor Plain(Tensor x, float scale = 2f) => x * scale;
        }
        public sealed partial class Layer : Base
        {
            private readonly Linear _linear = new(1, 2);
            private readonly ILayer _any = null!;
            private readonly Base _base = null!;
            private readonly (int H, int W) _size = (2, 3);
            private readonly int _heads = 4;
            [StaticGraph] public override Tensor Apply(Tensor x) => x;
            [StaticGraph] public override Tensor Plain(Tensor x, float scale) => x;
            [StaticGraph] public static Tensor Twice(Tensor x, params Tensor[] more) => x + x;
            [StaticGraph] public (Tensor A, (Tensor B, Tensor C) More) Pair(Tensor x) => (x, (x, x));
            [StaticGraph]
            public {{result}} Forward(Tensor x, Tensor y, int n, IReadOnlyList<Tensor> list)
            {
                {{body}}
            }
        }
        """);

    [Theory]
    [InlineData("x[n]", "at($3)")]
    [InlineData("x[^1]", "at(^1)")]
    [InlineData("x[.., 1..^n]", "all, range(1, ^$3)")]
    [InlineData("x[2..]", "range(2, _)")]
    [InlineData("x[..x.Shape[0]]", "range(_, dim)")]
    [InlineData("x[y]", "tensor($2)")]
    [InlineData("x[0, ^n.., y]", "at(0), range(^$3, _), tensor($2)")]
    public void Indexers(string expression, string items)
    {
        var captured = Body($"return {expression};");
        string Show(int register) => register == Instruction.None ? "_" : captured.Definition(register) switch
        {
            LiteralInstruction l => $"{l.Value}",
            LoadInstruction l => $"${l.Local}",
            DimInstruction => "dim",
            var other => other.GetType().Name,
        };
        var index = Assert.Single(captured.Instructions<IndexInstruction>());
        Assert.Equal(items, string.Join(", ", index.Items.Select(i => i.Kind switch
        {
            "all" => "all",
            "range" => $"range({(i.StartFromEnd ? "^" : "")}{Show(i.Start)}, {(i.EndFromEnd ? "^" : "")}{Show(i.End)})",
            _ => $"{i.Kind}({(i.StartFromEnd ? "^" : "")}{Show(i.Start)})",
        })));
        Assert.Equal(expression, index.Source!.Text);
    }

    [Theory]
    [InlineData("var d = x.Shape[^1] / _heads; return Reshape(x, n, d);", "sub:int", "div:int")]
    [InlineData("return x * (float)Math.Sqrt(x.Shape[1]);", "to_double:double", "sqrt:double", "to_float:float")]
    [InlineData("return Reshape(x, Math.Min(n, 4), -n);", "min:int", "neg:int")]
    [InlineData("return x.Rank > 2 && !(n == 1) ? x : y;", "gt:bool", "eq:bool", "not:bool")]
    [InlineData("var k = n; k++; k -= 2; return Reshape(x, k);", "add:int", "sub:int")]
    [InlineData("return MathF.Max(n, 0.5f) * x;", "to_float:float", "max:float")]
    [InlineData("if (list is null || x != null) { return y; } return x;", "eq:bool", "ne:bool")]
    public void Arithmetic_on_sizes_stays_symbolic(string body, params string[] operators) =>
        Assert.Equal(operators, Body(body).Instructions<HostInstruction>().Select(h => $"{h.Operator}:{h.Type}"));

    [Theory]
    [InlineData("Sum(x, keepDims: n > 1, axes: [0, n])", "x, keepDims, axes")]
    [InlineData("Linear(x, y)", "x, weight")]
    [InlineData("Linear(weight: y, x: x, bias: null)", "weight, x, bias")]
    [InlineData("x.Reshape(n, 2)", "x, shape")]
    [InlineData("Reshape(x, x.Shape)", "x, shape")]
    [InlineData("2f * x", "x, y")]
    [InlineData("-x", "x")]
    [InlineData("Constant(2)", "value, dtype")]
    [InlineData("Concat(list, 1)", "xs, axis")]
    [InlineData("Concat([x, y])", "xs, axis")]
    [InlineData("Concat(new[] { x, y }, axis: n)", "xs, axis")]
    public void Arguments_go_by_name(string expression, string names) => Assert.Equal(
        names, string.Join(", ", Assert.Single(Body($"return {expression};").Instructions<ApplyInstruction>()).Arguments.Select(a => a.Name)));

    [Theory]
    [InlineData("_linear.Forward(x)", "M:Unified.Nn.Linear.Forward(Unified.Tensor)", "global::Unified.Nn.Linear", false, 2)]
    [InlineData("_any.Forward(x)", "M:Unified.Nn.ILayer.Forward(Unified.Tensor)", "global::Unified.Nn.ILayer", true, 2)]
    [InlineData("_base.Apply(x)", "M:App.Base.Apply(Unified.Tensor)", "global::App.Base", true, 2)]
    [InlineData("base.Plain(x)", "M:App.Base.Plain(Unified.Tensor,System.Single)", "global::App.Base", false, 3)]
    [InlineData("Twice(x)", "M:App.Layer.Twice(Unified.Tensor,Unified.Tensor[])", "", false, 2)]
    [InlineData("Twice(more: [y], x: x)", "M:App.Layer.Twice(Unified.Tensor,Unified.Tensor[])", "", false, 2)]
    public void Static_graphs_are_called(string expression, string key, string receiver, bool isVirtual, int arguments)
    {
        var captured = Body($"return {expression};");
        var callee = Assert.Single(captured.Method.Callees);
        Assert.Equal((key, isVirtual, receiver), (callee.Key, callee.IsVirtualOrInterface, callee.ReceiverType));
        Assert.Equal(key, Assert.Single(captured.Function.Callees));
        var call = Assert.Single(captured.Instructions<CallInstruction>());
        Assert.Equal(arguments, call.Arguments.Length);
        Assert.Equal(expression, call.Source!.Text);
        Assert.StartsWith("G_", callee.CompanionName, StringComparison.Ordinal);
    }

    [Fact]
    public void Early_returns_tuples_and_deconstruction()
    {
        var captured = Body(
            """
            if (n > 3) { return (x, [y]); }
            var (a, (b, c)) = Pair(x);
            (b, c) = (c, b);
            var pair = (a, b);
            var (h, w) = _size;
            return (pair.Item2 * h, [c * w, list[^1], list[n]]);
            """,
            "(Tensor, Tensor[])");
        Assert.Equal(2, captured.Instructions<ReturnInstruction>().Count());
        Assert.Equal(["this._size", "__t0.Item1", "__t0.Item2"], captured.Thunks());
        Assert.Single(captured.Instructions<CountInstruction>());
        Assert.Contains(captured.Function.Locals, l => l is { Name: "pair", Type.Kind: ValueKind.Aggregate });
    }

    [Fact]
    public void Loops_with_every_exit()
    {
        var captured = Body("""
            var i = 0;
            while (true)
            {
                if (i++ > n) { break; }
                x += y;
            }

            do { x = x * 2f; } while (++i < 10);
            foreach (var item in list)
            {
                if (i == 2) { continue; }
                x += item;
            }

            foreach (var (index, scale) in new[] { (1, 2f), (2, 3f) }) { x = x * scale + index; }
            foreach (var size in x.Shape) { i += size; }
            for (int j = 0, k = i; j < k; j += 2, k--) { x = -x; }
            return x * i;
            """);
        Assert.Equal([true, false, true], captured.Instructions<LoopInstruction>().Select(l => l.TestFirst));
        Assert.Equal(3, captured.Instructions<ForEachInstruction>().Count());
        Assert.Single(captured.Instructions<BreakInstruction>());
        Assert.Single(captured.Instructions<ContinueInstruction>());
        _ = captured.Text();
    }

    [Fact]
    public void Switch_expression_over_a_host_value()
    {
        var captured = Body("""return _heads switch { 1 or 2 => x, > 8 when Training => y, _ => throw new InvalidOperationException($"{n} heads") };""");
        Assert.Equal(
            ["this._heads", "__t0 is 1 or 2", "guard __t0 is > 8 && (Training)", "new InvalidOperationException($\"{n} heads\")"], captured.Thunks());
        Assert.Equal(2, captured.Instructions<IfInstruction>().Count());
        Assert.Single(captured.Instructions<ThrowInstruction>());
    }

    [Fact]
    public void Gradient_of_a_statement_lambda_and_of_one_tensor()
    {
        var captured = Body("""
            var (loss, gradient) = ValueAndGrad(() =>
            {
                var z = _linear.Forward(x);
                return CrossEntropy(z, y);
            }, _linear.Weight);
            return loss * gradient;
            """);
        var grad = Assert.Single(captured.Instructions<ValueAndGradInstruction>());
        Assert.IsType<ApplyInstruction>(captured.Definition(grad.Body.Yield));
        Assert.Equal(["_linear.Weight", "this._linear"], captured.Thunks());

        // The gradient of one tensor comes as a list of one and is taken out of it.
        Assert.Equal(5, captured.Instructions<ItemInstruction>().Count());
    }

    [Fact]
    public void Null_checks_of_tensors()
    {
        var captured = Body("ArgumentNullException.ThrowIfNull(x); return x;");
        Assert.Equal(["new global::System.ArgumentNullException(\"x\")"], captured.Thunks());
        Assert.Single(captured.Instructions<IfInstruction>(), i => i.Then.Instructions.Single() is ThrowInstruction);
    }

    [Fact]
    public void Sizes_made_into_a_list_stay_in_the_graph()
    {
        var captured = Body("int[] shape = [x.Shape[0], n]; var s = x.Shape; return Full(shape, 1f) + Full(s, 0f) * shape[0] * s.Count;");
        Assert.Contains(captured.Function.Locals, l => l is { Name: "shape", Type: { Kind: ValueKind.Aggregate, Name: "int[]" } });
        Assert.Contains(captured.Function.Locals, l => l is { Name: "s", Type.Kind: ValueKind.Aggregate });
        Assert.Equal(["(global::Unified.Ir.DType)(8)"], captured.Thunks());
        Assert.Single(captured.Instructions<ItemInstruction>());
        Assert.Single(captured.Instructions<CountInstruction>());
    }

    [Fact]
    public void Captures_nothing_from_a_method_without_body_or_with_compile_errors()
    {
        var without = Captures.Of("public abstract partial class A : Module { [StaticGraph] public abstract Tensor Forward(Tensor x); }");
        Assert.Null(without.Method.Function);
        Assert.Empty(without.Method.Diagnostics);
        var broken = Captures.OfBroken("public partial class A { [StaticGraph] public Tensor Forward(Tensor x) { using var z = x; return x + missing; } }");
        Assert.Null(broken.Method.Function);
        Assert.Empty(broken.Method.Diagnostics);
    }

    [Fact]
    public void Companion_names_are_stable_and_apart()
    {
        var names = new[] { "Tensor Forward(Tensor x) => x;", "Tensor Forward(Tensor x, int n) => x;", "static Tensor Forward(Tensor x) => x;" }
            .Select(m => Captures.Of($"public partial class A {{ [StaticGraph] public {m} }}"))
            .Select(c => CompanionNames.Of((Microsoft.CodeAnalysis.IMethodSymbol)c.Compilation.GetTypeByMetadataName("App.A")!.GetMembers("Forward")[0]))
            .ToList();
        Assert.Equal(names[0], names[2]);
        Assert.NotEqual(names[0], names[1]);
        Assert.Equal("G_A_Forward_", names[0][..12]);
        Assert.Matches("^[A-Za-z0-9_]+$", names[0]);
    }
}
