using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Unified.CodeFixes;

namespace Unified.Generators.Tests.Diagnostics;

public sealed class CodeFixTests
{
    [Theory]
    [InlineData(
        "public sealed class A\n{\n    [StaticGraph] public Tensor F(Tensor x) => x;\n}",
        "public sealed partial class A\n{\n    [StaticGraph] public Tensor F(Tensor x) => x;\n}")]
    [InlineData(
        "// why\nclass A\n{\n    [StaticGraph] public Tensor F(Tensor x) => x;\n}",
        "// why\npartial class A\n{\n    [StaticGraph] public Tensor F(Tensor x) => x;\n}")]
    public async Task Type_becomes_partial(string before, string after) => Assert.Equal(after, await Fix(new MakePartial(), before));

    [Theory]
    [InlineData(0, "StaticGraph")]
    [InlineData(1, "Eager")]
    public async Task Override_is_marked(int choice, string attribute)
    {
        const string Base = "public partial class A\n{\n    [StaticGraph] public virtual Tensor F(Tensor x) => x;\n}\n";
        const string Before = "public partial class B : A\n{\n    /// <summary>Doubles.</summary>\n    public override Tensor F(Tensor x) => x;\n}";
        var after = Before.Replace("    public override", $"    [{attribute}]\n    public override", StringComparison.Ordinal);
        Assert.Equal(Base + after, await Fix(new MarkOverride(), Base + Before, choice));
    }

    [Theory]
    [InlineData("Func<Tensor, Tensor> G(A a) => a.F;", "Func<Tensor, Tensor> G(A a) => x => a.F(x);", "Tensor F(Tensor x)")]
    [InlineData("Func<Tensor, Tensor, Tensor> G() => F;", "Func<Tensor, Tensor, Tensor> G() => (x, y) => F(x, y);", "Tensor F(Tensor x, Tensor y)")]
    public async Task Method_group_becomes_a_lambda(string before, string after, string method)
    {
        var rest = $"public partial class A {{ [StaticGraph] public {method} => x; }} public static class U {{ static Tensor F(Tensor x) => x; }} ";
        if (method.Contains('y', StringComparison.Ordinal))
        {
            rest = $"public partial class A {{ [StaticGraph] public {method} => x; public ";
            Assert.Equal(rest + after + " }", await Fix(new WrapInLambda(), rest + before + " }"));
            return;
        }

        Assert.Equal(rest + "public static class V { static " + after + " }", await Fix(new WrapInLambda(), rest + "public static class V { static " + before + " }"));
    }

    [Fact]
    public async Task Called_method_is_marked()
    {
        const string Before = "public partial class A\n{\n    [StaticGraph] public Tensor F(Tensor x) => G(x);\n\n    // twice\n    private static Tensor G(Tensor x) => x;\n}";
        Assert.Equal(
            Before.Replace("    private static", "    [StaticGraph]\n    private static", StringComparison.Ordinal), await Fix(new MarkCalled(), Before));
    }

    private static async Task<string> Fix(CodeFixProvider fix, string source, int choice = 0)
    {
        const string Usings = "using Unified; using System;\n";
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new AdhocWorkspace();
        var references = Compilations.Create("App", [], [StandIn.Runtime.Reference]).References;
        var project = workspace.AddProject(ProjectInfo.Create(
            ProjectId.CreateNewId(), VersionStamp.Default, "App", "App", LanguageNames.CSharp,
            compilationOptions: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable),
            parseOptions: Compilations.ParseOptions, metadataReferences: references));
        var document = project.AddDocument("File.cs", Usings + source);
        var compilation = await document.Project.GetCompilationAsync(cancel);
        var found = await compilation!.WithAnalyzers([new StaticGraphAnalyzer()]).GetAnalyzerDiagnosticsAsync(cancel);
        var diagnostic = found.First(d => fix.FixableDiagnosticIds.Contains(d.Id));
        var actions = new List<CodeAction>();
        await fix.RegisterCodeFixesAsync(new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), cancel));
        var operation = (await actions[choice].GetOperationsAsync(cancel)).OfType<ApplyChangesOperation>().Single();
        var changed = operation.ChangedSolution.GetDocument(document.Id)!;
        return (await changed.GetTextAsync(cancel)).ToString()[Usings.Length..];
    }
}
