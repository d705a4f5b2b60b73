using System.Text;
using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests.WrongModels;

/// <summary>
/// Models as somebody new would write them, each with one mistake, and beside each all that the compiler says about it. Read the golden files
/// as that person: a message must say what to change.
/// </summary>
public sealed class WrongModelTests
{
    public static TheoryData<string> Names => [.. Directory.GetFiles(Here(), "*.wrong.cs").Select(f => Path.GetFileName(f)[..^".wrong.cs".Length]).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Mistake_is_explained(string name)
    {
        var source = await File.ReadAllTextAsync(Path.Combine(Here(), name + ".wrong.cs"), TestContext.Current.CancellationToken);
        var generation = RealModels.Generate(source);
        var ours = await generation.Analyze();
        var compiler = generation.Output.GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error && d.Location.SourceTree?.FilePath == "File1.cs");
        var text = new StringBuilder();
        foreach (var found in ours.Concat(compiler).OrderBy(d => d.Location.SourceSpan.Start).ThenBy(d => d.Id, StringComparer.Ordinal))
        {
            var place = found.Location.GetLineSpan().StartLinePosition;
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"({place.Line + 1},{place.Character + 1}) {found.Severity.ToString().ToLowerInvariant()} {found.Id}: {found.GetMessage(null)}\n");
            text.Append("    ").Append(source.AsSpan(found.Location.SourceSpan.Start, found.Location.SourceSpan.Length).ToString().Split('\n')[0]).Append('\n');
        }

        Assert.Contains("error ", text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("UG029", text.ToString(), StringComparison.Ordinal);
        GoldenFile.Matches(text.ToString(), name + ".txt");
    }

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
