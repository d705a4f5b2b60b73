using Unified.Lowering;

namespace Unified.Syntax.Tests;

/// <summary>All snippets, compiled together and run once.</summary>
public sealed class SyntaxRun : IAsyncLifetime
{
    internal IReadOnlyDictionary<string, Verdict> Verdicts { get; private set; } = new Dictionary<string, Verdict>();

    public async ValueTask InitializeAsync()
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        var (accepted, verdicts) = await CompileSnippets.Of([.. SyntaxTests.All.SelectMany(c => c.Snippets())]);
        foreach (var (snippet, model, caller) in accepted)
        {
            verdicts.Add(snippet.Name, RunSnippets.Of(model, caller));
        }

        Verdicts = verdicts;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Accepted means the same in both modes; the rest is an error with a place, or runs eagerly and says so.</summary>
public sealed class SyntaxTests(SyntaxRun run) : IClassFixture<SyntaxRun>
{
    internal static IReadOnlyList<Construct> All { get; } =
        [.. StatementRows.All, .. ExpressionRows.All, .. OperatorRows.All, .. PatternRows.All, .. CollectionRows.All, .. ElementRows.All, .. CallRows.All, .. ReferenceRows.All, .. GenericRows.All, .. EagerCallRows.All, .. OtherAssemblyRows.All, .. ControlRows.All, .. DictionaryRows.All, .. MemberRows.All, .. TypeRows.All, .. PythonRows.All];

    public static TheoryData<string> Names => [.. All.SelectMany(c => c.Snippets()).Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Snippet(string name)
    {
        var verdict = run.Verdicts[name];
        Assert.True(verdict.Outcome is Outcome.Accepted or Outcome.Diagnosed or Outcome.Eager, $"{verdict.Outcome}: {verdict.Message}");
        if (verdict.Outcome == Outcome.Diagnosed)
        {
            Assert.Matches("^(UG[0-9]{3}|CS[0-9]{4})$", verdict.Id);
            Assert.NotEqual("UG199", verdict.Id);
            Assert.NotEmpty(verdict.Place);
        }
    }

    [Fact]
    public void The_page_of_the_language_is_what_the_snippets_say()
    {
        var page = Path.Combine(Root(), "docs", "syntax.md");
        var text = SyntaxPage.Of(All, run.Verdicts);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(page, text);
        }

        Assert.Equal(File.ReadAllText(page).ReplaceLineEndings("\n"), text);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Unified.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("the tests run outside of the checkout");
        }

        return folder.FullName;
    }
}
