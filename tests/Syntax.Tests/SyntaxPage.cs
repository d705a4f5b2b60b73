using System.Text;
using System.Text.RegularExpressions;

namespace Unified.Syntax.Tests;

/// <summary>Turns verdicts into <c>docs/syntax.md</c>.</summary>
internal static partial class SyntaxPage
{
    private const string Head = """
        # The language of a static graph

        Every construct of C# 14 in a `[StaticGraph]` method, on tensors and on host values (numbers, strings, settings). This page is written by
        `tests/Syntax.Tests`, which compiles each snippet with the real generator and runs it in both modes (`UPDATE_GOLDEN=1` rewrites the page):

        - **accepted**: one compiled graph gives the same results, effects and exceptions as the eager method, at two batch sizes and two host numbers;
        - **error UGxxx** at `text`: a compile-time error at that text ([diagnostics.md](diagnostics.md) says what to write instead); CSxxxx is C#'s own, where tensors have no such operator;
        - **eager**: no graph is possible; the method runs eagerly, with the right result, and the log says why.

        `x` is a tensor, `n` an int. Members of the class stand after `---`, further types after `===`. Each snippet is the case of `SyntaxTests.Snippet`
        named *group: construct (tensor)* or *(host)*.


        """;

    public static string Of(IReadOnlyList<Construct> constructs, IReadOnlyDictionary<string, Verdict> verdicts)
    {
        var all = constructs.SelectMany(c => c.Snippets()).Select(s => verdicts[s.Name].Outcome).ToList();
        var text = new StringBuilder(Head);
        text.Append(System.Globalization.CultureInfo.InvariantCulture,
            $"{constructs.Count} constructs, {all.Count} snippets: {all.Count(o => o == Outcome.Accepted)} accepted, {all.Count(o => o == Outcome.Diagnosed)} errors, {all.Count(o => o == Outcome.Eager)} eager.\n");
        foreach (var group in constructs.GroupBy(c => c.Group))
        {
            text.Append($"\n## {group.Key}\n\n| construct | tensor | host | verdict: tensor | verdict: host |\n|---|---|---|---|---|\n");
            foreach (var construct in group)
            {
                text.Append($"| {Escape(construct.Name)} | {Code(construct.Tensor)} | {Code(construct.Host)} | {Cell(construct.Tensor, $"{construct.Group}: {construct.Name} (tensor)", verdicts)} | {Cell(construct.Host, $"{construct.Group}: {construct.Name} (host)", verdicts)} |\n");
            }
        }

        return text.ToString();
    }

    private static string Cell(string? snippet, string name, IReadOnlyDictionary<string, Verdict> verdicts) => snippet is null ? "" : verdicts[name] switch
    {
        { Outcome: Outcome.Accepted } => "accepted",
        { Outcome: Outcome.Diagnosed } v => $"error {v.Id} at {Code(v.Place.Length > 60 ? v.Place[..57] + "..." : v.Place)}",
        { Outcome: Outcome.Eager } v => $"eager: {Escape(Reason().Replace(v.Message, ""))}",
        var v => $"**{v.Outcome}**: {Escape(v.Message)}",
    };

    private static string Code(string? snippet) => snippet is null ? "" : $"`` {Escape(Expected().Replace(Spaces().Replace(snippet.Trim(), " "), ""))} ``";

    private static string Escape(string text) => Spaces().Replace(text, " ").Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"^.* runs eagerly: ")]
    private static partial Regex Reason();

    [GeneratedRegex("^!CS[0-9]{4} ")]
    private static partial Regex Expected();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
