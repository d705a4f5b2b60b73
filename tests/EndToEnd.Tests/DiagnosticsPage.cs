using System.Text.RegularExpressions;

namespace Unified.EndToEnd.Tests;

/// <summary>A section of <c>docs/diagnostics.md</c>. An example is null where there is none.</summary>
internal sealed record DiagnosticsSection(string Id, string Title, string? Wrong, string? Instead);

/// <summary>Turns <c>docs/diagnostics.md</c> into its examples, and those into sources that compile.</summary>
internal static partial class DiagnosticsPage
{
    public static IReadOnlyList<DiagnosticsSection> Sections { get; } = Read();

    /// <summary>The rules the analyzer has, id and title, from the list that the analyzer's own tests hold complete.</summary>
    public static IReadOnlyList<(string Id, string Title)> Rules { get; } =
        [.. new[] { "Shipped", "Unshipped" }
            .SelectMany(f => File.ReadLines(Path.Combine(Programs.Root, "Generators", "Unified.Generators", "Diagnostics", $"AnalyzerReleases.{f}.md")))
            .Where(l => l.StartsWith("UG", StringComparison.Ordinal)).Select(l => l.Split('|')).Select(l => (l[0].Trim(), l[^1].Trim()))];

    /// <summary>The example under a namespace of its own; members get a module around them.</summary>
    public static string Source(string space, string example)
    {
        var body = example.Contains("class Model", StringComparison.Ordinal) || example.Contains("class Layer", StringComparison.Ordinal)
            ? example
            : $"public sealed partial class Model : Module\n{{\n{example}\n}}\n";
        return $"using Unified;\nusing Unified.Nn;\nusing static Unified.Ops;\n\nnamespace {space};\n\n{body}";
    }

    private static DiagnosticsSection[] Read()
    {
        var text = File.ReadAllText(Path.Combine(Programs.Root, "docs", "diagnostics.md"));
        return [.. Heading().Split(text)[1..].Chunk(3).Select(part =>
        {
            var examples = Fence().Matches(part[2]);
            return new DiagnosticsSection(
                part[0], part[1],
                examples.Count > 0 && examples[0].Groups["remark"].Length == 0 ? examples[0].Groups["code"].Value : null,
                examples.Count > 1 ? examples[1].Groups["code"].Value : null);
        })];
    }

    [GeneratedRegex(@"^## (UG\d+): (.+)\n", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```csharp(?<remark>.*)\n(?<code>[^`]*)^```$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();
}
