namespace Unified.Generators.Tests.Capture;

/// <summary>Every diagnostic of the capture, at its exact place.</summary>
public class CaptureDiagnosticTests
{
    private static System.Collections.Immutable.ImmutableArray<string> Body(string id, string body, string members = "") => Captures.Refused(id, $$"""
        public sealed partial class Layer : Module
        {
            private readonly Linear _linear = new(1, 2);
            private readonly List<Tensor> _list = [];
            private readonly Func<Tensor, Tensor> _activation = null!;
            private Tensor _state = new();
            private Tensor[] _all = [];
            private int _steps;
            {{members}}
            [StaticGraph]
            public Tensor Forward(Tensor x, Tensor y, int n, Tensor[] all)
            {
                {{body}}
                return x;
            }
        }
        """);

    [Theory]
    [InlineData("[|using (new System.IO.MemoryStream()) { x = y; }|]")]
    [InlineData("[|using var stream = new System.IO.MemoryStream();|]")]
    [InlineData("[|lock (_list) { x = y; }|]")]
    [InlineData("switch (n) { case 1: x = y; [|goto case 2;|] case 2: [|goto case 1;|] }")]
    [InlineData("[|again: x = y;|] for (var i = 0; i < n; i++) { if (i > 3) { goto again; } }")]
    [InlineData("if (n > 3) { goto done; } if (n > 2) { return y; } [|done: x = y;|]")]
    public void UG001_statement(string body) => Assert.All(Body("UG001", body), m => Assert.Contains("is not possible in a static graph; ", m, StringComparison.Ordinal));

    [Theory]
    [InlineData("var list = [|new Tensor[2, 3]|];")]
    [InlineData("Tensor[] a = [x]; var q = [|a.Select(t => t + y)|];")]
    [InlineData("Tensor[] a = [x]; x = [|a.MaxBy(t => t.Rank)|] ?? y;")]
    [InlineData("switch ([|x|]) { case null: return y; }")]
    [InlineData("switch (n) { case > 1 when [|x.Rank > 1|]: x = y; break; }")]
    [InlineData("var t = [|x.DType|];")]
    [InlineData("IReadOnlyList<Tensor> a = [x]; var c = [|a.Contains(y)|];")]
    [InlineData("var p = [|(Parameter)x|];")]
    public void UG002_expression(string body) => Body("UG002", body);

    [Theory]
    [InlineData("x = [|Plain(x)|];")]
    [InlineData("x = [|Helper(x)|];")]
    [InlineData("x = [|_activation(x)|];")]
    [InlineData("x = [|x % y|];")]
    [InlineData("var value = [|x.ToScalar<float>()|];")]
    [InlineData("[|Log(x)|];")]
    [InlineData("x = [|Make()|];")]
    [InlineData("x = [|Pick()(x)|]; static Func<Tensor, Tensor> Pick() => t => t;")]
    public void UG003_call_with_tensors(string body) => Body(
        "UG003", body, "private static Tensor Helper(Tensor x) => x; private static void Log(Tensor x) { } private Tensor Make() => new();");

    [Fact]
    public void UG003_names_the_method_and_the_way_out() => Assert.Equal(
        ["UG003: 'Layer.Helper' takes or returns tensors but is not a static graph; mark it [StaticGraph], or write its operators here"],
        Body("UG003", "x = [|Helper(x)|];", "private static Tensor Helper(Tensor x) => x;"));

    [Theory]
    [InlineData("x = [|_activation(x)|];", "'_activation' takes or returns tensors but is not a static graph; a delegate is not known when the graph is built: call a [StaticGraph] method")]
    [InlineData("var v = [|x.ToScalar<float>()|];", "compute with operators, or read them outside of the static graph")]
    [InlineData("x = [|x % y|];", "'operator %' takes or returns tensors but is not a static graph; write a [StaticGraph] method that computes it, and call that")]
    public void UG003_says_what_to_do_about_each_kind_of_call(string body, string message) =>
        Assert.EndsWith(message, Assert.Single(Body("UG003", body)), StringComparison.Ordinal);

    [Theory]
    [InlineData("[|x[0][1] = y|];")]
    [InlineData("[|(x + y)[0] = y|];")]
    [InlineData("[|all[0]|] = y;")]
    [InlineData("[|all[0]|] += y;")]
    [InlineData("[|_all = [x]|];")]
    [InlineData("[|_list[0] = x|];")]
    [InlineData("var s = new int[1]; [|s = [n, n]|];")]
    public void UG004_assignment(string body) => Body("UG004", body);

    [Theory]
    [InlineData("[|Console.WriteLine(n)|];")]
    [InlineData("[|Count()|];")]
    [InlineData("[|Console.WriteLine(x.Shape[0])|];")]
    [InlineData("[|_list?.Clear()|];")]
    public void UG006_effect(string body) => Body("UG006", body, "private int Count() => _steps;");

    [Theory]
    [InlineData("[|_steps++|];", "_steps")]
    [InlineData("[|_steps = n|];", "_steps")]
    [InlineData("[|_steps += n|];", "_steps")]
    [InlineData("[|Training = false|];", "Training")]
    [InlineData("[|(_steps, x) = (n, y)|];", "_steps")]
    public void UG007_host_state(string body, string name) => Assert.Contains($"'{name}' is host state", Assert.Single(Body("UG007", body)), StringComparison.Ordinal);

    [Theory]
    [InlineData("[|Local(ref x)|]; void Local(ref Tensor t) { if (n > 1) { Local(ref t); } }")]
    [InlineData("x = [|Local(x)|]; T Local<T>(T t) => t;")]
    [InlineData("Func<Tensor, Tensor> f = t => t + t; [|f = t => t|];")]
    [InlineData("Func<int, int> f = i => i + 1; var s = string.Join(\",\", _list.Select([|t => f(1)|]));")]
    [InlineData("var k = 1; List<Func<int, int>> f = [[|i => i + k|]]; k = 2;")]
    [InlineData("var k = _list.Count([|t => t.Rank > x.Rank|]);")]
    public void UG008_local_function(string body) => Body("UG008", body);

    [Theory]
    [InlineData("var (a, b) = ValueAndGrad([|_linear.Loss|], _state);")]
    [InlineData("Func<Tensor> f = null!; var (a, b) = ValueAndGrad([|f|], _state);")]
    public void UG009_differentiated_function(string body)
    {
        var source = body.Replace("_linear.Loss", "Loss", StringComparison.Ordinal);
        Body("UG009", source, "private Tensor Loss() => _state;");
    }

    [Theory]
    [InlineData("Range r = 1..2; x = x[[|r|]];")]
    [InlineData("Index i = ^1; x = x[[|i|]];")]
    [InlineData("Index i = ^1; x = x[[|i|]..];")]
    [InlineData("TensorIndex i = 1; x = x[[|i|]];")]
    public void UG010_index(string body) => Body("UG010", body);

    [Theory]
    [InlineData("""if (n < 0) { throw new ArgumentException($"bad {[|x.Shape|]}"); }""")]
    [InlineData("var m = string.Join(\",\", [|x.Shape|]);")]
    [InlineData("int[] s = [n, 2]; var m = string.Join(\",\", [|s|]);")]
    [InlineData("""if (n < 0) { throw new ArgumentException($"bad {[|x|]}"); }""")]
    public void UG011_graph_value_in_host_code(string body) => Body("UG011", body);

    [Fact]
    public void UG012_computed_tensor() => Body(
        "UG012", "x = x + [|_other.Scaled|] + Own;", "private readonly Layer _other = null!; public Tensor Scaled => _state * 2f; private Tensor Own => _state;");

    [Theory]
    [InlineData("_state = x; if ([|_state|] is null) { x = y; }")]
    [InlineData("for (var i = 0; i < n; i++) { if ([|_state|] is null) { x = y; } _state = x; }")]
    public void UG013_stale_read(string body) => Body("UG013", body);

    [Fact]
    public void UG013_is_not_for_reads_before_the_assignment() => Assert.NotNull(Captures.Of("""
        public sealed partial class Cache : Module
        {
            private Tensor? _keys;
            [StaticGraph] public Tensor Forward(Tensor x)
            {
                x = _keys is null ? x : Concat([_keys, x], 1);
                _keys = x;
                return _keys;
            }
        }
        """).Function);

    [Theory]
    [InlineData("var o = [|new { A = 1 }|];")]
    [InlineData("var s = [|\"abc\".AsSpan()|];")]
    public void UG014_type_without_name(string body) => Body("UG014", body);

    [Fact]
    public void UG015_pattern_variable() => Body("UG015", "if ([|_linear is { Weight: var w }|]) { x = x * w; }");

    [Theory]
    [InlineData("[[|Shape(\"B\", -1)|]] Tensor x")]
    [InlineData("[[|Shape(\"1B\")|]] Tensor x")]
    [InlineData("[[|Shape(2.5)|]] Tensor x")]
    [InlineData("[[|Shape(\"B\")|]] int x")]
    public void UG017_shape_annotation(string parameter) => Captures.Refused(
        "UG017", $$"""public partial class Layer { [StaticGraph] public Tensor Forward({{parameter}}, Tensor y) => y; }""");

    [Theory]
    [InlineData("var h = [|new Holder(x)|];")]
    [InlineData("var t = [|new Tensor()|];")]
    public void UG018_object_with_tensors(string body) => Body("UG018", body, "public sealed class Holder { public Holder(Tensor t) => T = t * 2f; public Tensor T { get; } }");

    [Fact]
    public void Every_error_of_a_method_is_reported_once() => Assert.Equal(
        3, Captures.Of("""
            public sealed partial class Layer : Module
            {
                private int _n;
                [StaticGraph] public Tensor Forward(Tensor x)
                {
                    _n = 1;
                    var y = Plain(x);
                    return y + Plain(y);
                }
            }
            """).Method.Diagnostics.Length);

    [Fact]
    public void Every_row_has_a_test()
    {
        var tests = typeof(CaptureDiagnosticTests).GetMethods().Select(m => m.Name).ToList();
        Assert.All(DiagnosticTable.Capture, d => Assert.Contains(tests, t => t.StartsWith(d.Id + "_", StringComparison.Ordinal)));
    }
}
