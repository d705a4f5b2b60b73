using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests.Shapes;

/// <summary>What is provably wrong, at the marked place; and what may be right, about which nothing is said.</summary>
public sealed class ShapeTests
{
    private const string Head = "using Unified; using Unified.Nn; using static Unified.Ops;\n";

    [Theory]
    [InlineData("UG023", "(int hidden) : Module { private readonly Linear _up = new(784, 512), _down = new(256, 10); [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x) => _down.Forward(«Gelu(_up.Forward(x))»); }")]
    [InlineData("UG023", " : Module { private readonly Linear _up = new(784, 512), _down = new(256, 10); [StaticGraph] public Tensor F(Tensor x) { var h = Relu(_up.Forward(x)); return _down.Forward(«h»); } }")]
    [InlineData("UG023", " : Module { private readonly Linear _up; public M() { _up = new Linear(512, 10); } [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x) => _up.Forward(«x»); }")]
    [InlineData("UG023", "(int hidden) : Module { private readonly Linear _up = new(784, 2 + hidden), _down = new(hidden, 10); [StaticGraph] public Tensor F(Tensor x) => _down.Forward(«_up.Forward(x)»); }")]
    [InlineData("UG023", " : Module { private readonly Linear _up = new(784, 512); [StaticGraph] public Tensor F([Shape(10, 784)] Tensor x) { for (var i = 0; i < 3; i++) { x = _up.Forward(«x»); x = x + 1f; } return x; } }", true)]
    [InlineData("UG023", " : Module { [StaticGraph] public Tensor F([Shape(2, 3)] Tensor x) => G(«x»); [StaticGraph] public Tensor G([Shape(\"N\", \"N\")] Tensor y) => y; }")]
    [InlineData("UG022", " : Module { [StaticGraph] [return: Shape(\"B\", 10)] public Tensor F([Shape(\"B\", 784)] Tensor x) => «Exp(x)»; }")]
    [InlineData("UG020", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x, [Shape(10, 784)] Tensor w) => «MatMul(x, w)»; }")]
    [InlineData("UG020", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x) => «Softmax(x, 2)»; }")]
    [InlineData("UG020", " : Module { [StaticGraph] public Tensor F([Shape(784)] Tensor x) => «Reshape(x, 32, 32)»; }")]
    [InlineData("UG020", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x, [Shape(\"B\", 4)] Tensor y) => «Concat([x, y], 0)»; }")]
    [InlineData("UG020", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) => «x[0, 0, 0]»; }")]
    [InlineData("UG020", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) => «x[.., ..2] + x»; }")]
    [InlineData("UG021", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) => «Exp(ArgMax(x, 1))»; }")]
    [InlineData("UG021", " : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) => «x * (x > 0f)»; }")]
    public async Task Provable_fault_is_an_error_at_its_expression(string id, string marked, bool isLoop = false)
    {
        marked = "public sealed partial class M" + marked;
        var source = Head + marked.Replace("«", "", StringComparison.Ordinal).Replace("»", "", StringComparison.Ordinal);
        var start = Head.Length + marked.IndexOf('«', StringComparison.Ordinal);
        var end = Head.Length + marked.IndexOf('»', StringComparison.Ordinal) - 1;
        var found = await RealModels.Generate(source).Analyze();
        if (isLoop)
        {
            // The first turn fits and the second does not: what all turns know is nothing.
            Assert.Empty(found);
            return;
        }

        var only = Assert.Single(found);
        Assert.Equal((id, start, end), (only.Id, only.Location.SourceSpan.Start, only.Location.SourceSpan.End));
        Assert.Equal(DiagnosticSeverity.Error, only.Severity);
    }

    [Theory]
    [InlineData("(int hidden) : Module { private readonly Linear _up = new(784, hidden), _down = new(hidden, 10); [StaticGraph] [return: Shape(\"B\", 10)] public Tensor F([Shape(\"B\", 784)] Tensor x) => _down.Forward(Gelu(_up.Forward(x))); }")]
    [InlineData("(int a, int b) : Module { private readonly Linear _up = new(784, a), _down = new(b, 10); [StaticGraph] public Tensor F(Tensor x) => _down.Forward(_up.Forward(x)); }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x, [Shape(\"C\", 3)] Tensor y) => x + y; }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) => x.Rank == 3 ? Transpose(x, 0, 2, 1) : x; }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F(Tensor x) => Transpose(x, 0, 2, 1, 3) + Reshape(x, 3, -1); }")]
    [InlineData("(int heads) : Module { private readonly Linear _q = new(64, 64); [StaticGraph] public Tensor F([Shape(\"B\", \"T\", 64)] Tensor x) => Transpose(Reshape(_q.Forward(x), x.Shape[0], x.Shape[1], heads, 64 / heads), 0, 2, 1, 3); }")]
    [InlineData("(bool wide) : Module { private readonly bool _wide = wide; private readonly Linear _a = new(10, 784); [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x) { if (_wide) { x = _a.Forward(x); } return x; } }")]
    [InlineData(" : Module { private readonly Linear _up; public M(bool b) { if (b) { _up = new Linear(512, 10); } else { _up = new Linear(784, 10); } } [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x) => _up.Forward(x); }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F([Shape(\"B\", 10)] Tensor x, [Shape(\"B\")] Tensor y) => CrossEntropy(x, y); }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) { while (Sum(x) > 0f) { x = Concat([x, x], 1); } return x; } }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x) => Concat([x, x], 0)[..2] + x[0]; }")]
    [InlineData(" : Module { public Tensor Weight { get; } = Tensor.Zeros([3, 8], Unified.Ir.DType.U8); public Tensor Scale { get; } = Tensor.Zeros([3, 2]); [StaticGraph] public Tensor F([Shape(\"B\", 16)] Tensor x) => QuantizedMatMul(x, Weight, Scale); }")]
    [InlineData(" : Module { [StaticGraph] public Tensor F([Shape(\"B\", 3)] Tensor x, Tensor scale, Tensor zero) => Cast(Quantize(x, scale, zero), Unified.Ir.DType.F32); }")]
    public async Task What_may_be_right_is_left_alone(string rest)
    {
        var found = await RealModels.Generate(Head + "public sealed partial class M" + rest).Analyze();
        Assert.Empty(found);
    }

    [Fact]
    public async Task Message_has_both_shapes_and_where_each_came_from()
    {
        const string Source = Head + "public sealed partial class M : Module { private readonly Linear _up = new(512, 10); [StaticGraph] public Tensor F([Shape(\"B\", 784)] Tensor x) => _up.Forward(x); }";
        var only = Assert.Single(await RealModels.Generate(Source).Analyze());
        Assert.Equal("x is [B, 784] from its [Shape]; _up expects [.., 512] from new Linear(512, 10)", only.GetMessage(null));
    }

    [Fact]
    public void Every_error_has_a_case()
    {
        var cases = typeof(ShapeTests).GetMethod(nameof(Provable_fault_is_an_error_at_its_expression))!.GetCustomAttributesData()
            .Where(a => a.AttributeType == typeof(InlineDataAttribute)).Select(a => ((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)[0].Value).ToHashSet();
        Assert.Equal(DiagnosticTable.Shapes.Where(d => d.DefaultSeverity == DiagnosticSeverity.Error).Select(d => (object?)d.Id).ToHashSet(), cases);
    }

    /// <summary>Every model of the repository: no word about any of them, and the inference itself never stops.</summary>
    [Fact]
    public async Task Models_that_run_have_no_findings()
    {
        var root = Path.GetFullPath(Path.Combine(Here(), "../../.."));
        var layers = Directory.GetFiles(Path.Combine(root, "Runtime/Unified.Nn/Layers"), "*.cs");
        var models = Directory.GetFiles(Path.Combine(root, "tests/Nn.Tests"), "*Models.cs");
        string[] files = [.. layers, .. models, .. Directory.GetFiles(Path.Combine(root, "samples/TextGpt"), "*.cs")];
        var sources = await Task.WhenAll(files.Select(f => File.ReadAllTextAsync(f, TestContext.Current.CancellationToken)));
        foreach (var source in sources)
        {
            var found = await RealModels.Generate(source).Analyze();
            Assert.Empty(found.Where(d => d.Id.StartsWith("UG02", StringComparison.Ordinal)));
        }
    }

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
