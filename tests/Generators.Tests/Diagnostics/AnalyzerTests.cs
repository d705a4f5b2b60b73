using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests.Diagnostics;

/// <summary>Each rule about declarations and uses, at the exact place: the marked text is the location.</summary>
public sealed class AnalyzerTests
{
    [Theory]
    [InlineData("UG101", "public class «Model» { [StaticGraph] public Tensor Forward(Tensor x) => x; }")]
    [InlineData("UG101", "public class «Outer» { public partial class Model { [StaticGraph] public Tensor Forward(Tensor x) => x; } }")]
    [InlineData("UG102", "public partial class A { [StaticGraph] public virtual Tensor F(Tensor x) => x; } public class B : A { public override Tensor «F»(Tensor x) => x; }")]
    [InlineData("UG102", "public interface I { [StaticGraph] Tensor F(Tensor x); } public class B : I { public Tensor «F»(Tensor x) => x; }")]
    [InlineData("UG102", "public interface I { [StaticGraph] Tensor F(Tensor x); } public class B : I { Tensor I.«F»(Tensor x) => x; }")]
    [InlineData("UG103", "public partial class A { [StaticGraph] public virtual Tensor «F»<T>(Tensor x) => x; }")]
    [InlineData("UG103", "public partial class A { [StaticGraph] public async Task<Tensor> «F»(Tensor x) { await Task.Yield(); return x; } }")]
    [InlineData("UG103", "public partial struct A { [StaticGraph] public Tensor «F»(Tensor x) => x; }")]
    [InlineData("UG103", "public partial class A { public Tensor F(Tensor x) { return G(x); [StaticGraph] Tensor «G»(Tensor y) => y; } }")]
    [InlineData("UG104", "public partial class A { private partial class B { [StaticGraph] public Tensor «F»(Tensor x) => x; } }")]
    [InlineData("UG105", "public partial class A { [StaticGraph] public Tensor «F»(Tensor x, ref string s) => x; }")]
    [InlineData("UG105", "public partial class A { [StaticGraph] public Tensor «F»(params ReadOnlySpan<Tensor> xs) => xs[0]; }")]
    [InlineData("UG106", "public partial class A { [StaticGraph] public string «F»(Tensor x) => \"a\"; }")]
    [InlineData("UG106", "public partial class A { [StaticGraph] public Parameter «F»(Parameter x) => x; }")]
    [InlineData("UG107", "public partial class A { [StaticGraph] public (Tensor[], Tensor[]) «F»(Tensor[] x) => (x, x); }")]
    [InlineData("UG108", "public partial class A { [StaticGraph] public Tensor F(Tensor x) => x; public Func<Tensor, Tensor> G() => «F»; }")]
    [InlineData("UG109", "public partial class A { [StaticGraph] public virtual Tensor F(Tensor x) => x; } public class B : A { public Tensor G(Tensor x) => «base.F(x)»; }")]
    [InlineData("UG110", "public class «A» : Module { public Tensor W { get; } = new(1); }")]
    [InlineData("UG111", "public partial class A(Tensor w) : Module { public Tensor F(Tensor x) => x * «w»; }")]
    public async Task Fault_is_reported_at_its_place(string id, string marked)
    {
        var source = Usings + marked.Replace("«", "", StringComparison.Ordinal).Replace("»", "", StringComparison.Ordinal);
        var start = Usings.Length + marked.IndexOf('«', StringComparison.Ordinal);
        var end = Usings.Length + marked.IndexOf('»', StringComparison.Ordinal) - 1;
        var found = await Generation.Of(source).Analyze();
        var only = Assert.Single(found);
        Assert.Equal((id, start, end), (only.Id, only.Location.SourceSpan.Start, only.Location.SourceSpan.End));
        Assert.Equal("File1.cs", only.Location.SourceTree!.FilePath);
        Assert.DoesNotContain("{", only.GetMessage(null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public abstract class A { [StaticGraph] public abstract Tensor F(Tensor x); }")]
    [InlineData("public partial class A { [StaticGraph] public virtual Tensor F(Tensor x) => x; } public class B : A { [Eager] public override Tensor F(Tensor x) => x; }")]
    [InlineData("public partial class A { [StaticGraph] public Tensor F(Tensor x) => x; public string N => nameof(F); public Func<Tensor, Tensor> G() => x => F(x); }")]
    [InlineData("public partial class A { [StaticGraph] public virtual Tensor F(Tensor x) => x; } public partial class B : A { [StaticGraph] public override Tensor F(Tensor x) => base.F(x); }")]
    [InlineData("public class A : Module { public int Width { get; } = 1; }")]
    [InlineData("public partial class A(Tensor w) : Module { private readonly Tensor _w = w; public Tensor F(Tensor x) => x * _w; }")]
    [InlineData("public partial class A(Tensor w) { public Tensor F(Tensor x) => x * w; }")]
    public async Task Sound_code_is_left_alone(string source) => Assert.Empty(await Generation.Of(Usings + source).Analyze());

    [Fact]
    public async Task Hidden_type_is_the_one_that_is_named()
    {
        const string Source = "public partial class A { private partial class B { public partial class C { [StaticGraph] public Tensor F(Tensor x) => x; } } }";
        Assert.EndsWith("make 'B' internal or public", Assert.Single(await Generation.Of(Usings + Source).Analyze()).GetMessage(null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_errors_are_reported_in_the_body_and_the_code_still_compiles()
    {
        const string Body = "lock (this) { return x * 2.0; }";
        var source = Usings + "public partial class A { [StaticGraph] public Tensor F(Tensor x) { " + Body + " } }";
        var generation = Generation.Of(source);
        var found = Assert.Single(await generation.Analyze());
        Assert.StartsWith("UG0", found.Id, StringComparison.Ordinal);
        Assert.Equal(DiagnosticSeverity.Error, found.Severity);
        Assert.Equal(source.IndexOf(Body, StringComparison.Ordinal), found.Location.SourceSpan.Start);
        generation.Emit();
    }

    [Fact]
    public async Task Pragma_suppresses()
    {
        const string Source = "public partial class A {\n#pragma warning disable UG102, UG106\n [StaticGraph] public string F(Tensor x) => null!;\n#pragma warning restore UG106\n [StaticGraph] public string G(Tensor x) => null!; }";
        var found = await Generation.Of(Usings + Source).Analyze();
        Assert.Equal("'G'", Assert.Single(found).GetMessage(null).Split(' ')[3]);

        var all = await Generation.Of(Usings + Source).Analyze(reportSuppressed: true);
        Assert.Equal([true, false], all.Select(d => d.IsSuppressed));
    }

    [Fact]
    public void Release_notes_list_every_rule()
    {
        var folder = Path.GetFullPath(Path.Combine(Here(), "../../../Generators/Unified.Generators/Diagnostics"));
        var listed = new[] { "AnalyzerReleases.Shipped.md", "AnalyzerReleases.Unshipped.md" }
            .SelectMany(f => File.ReadAllLines(Path.Combine(folder, f)))
            .Where(l => l.StartsWith("UG", StringComparison.Ordinal))
            .Select(l => string.Join(" | ", l.Split('|').Take(3).Select(c => c.Trim()))).Order(StringComparer.Ordinal);
        var known = DiagnosticTable.Capture.AddRange(DiagnosticTable.Shapes).AddRange(StructureTable.OfAnalyzer).Add(StructureTable.Failure)
            .Select(d => $"{d.Id} | {d.Category} | {d.DefaultSeverity}").Order(StringComparer.Ordinal);
        Assert.Equal(known, listed);
    }

    private const string Usings = "using Unified; using Unified.Nn; using System.Threading.Tasks;\n";

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
