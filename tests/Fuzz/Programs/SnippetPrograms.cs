using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Unified.Fuzz;

/// <summary>Turns the accepted snippets of <c>docs/syntax.md</c> into programs, to be mutated.</summary>
internal sealed partial class SnippetPrograms(string page)
{
    private readonly List<string> _snippets =
    [
        .. File.ReadLines(page).Select(l => Row().Match(l)).Where(m => m.Success)
            .SelectMany(m => new[] { (Text: m.Groups["tensor"].Value, Verdict: m.Groups["t"].Value), (Text: m.Groups["host"].Value, Verdict: m.Groups["h"].Value) })
            .Where(s => s.Verdict == "accepted" && !s.Text.StartsWith('[')).Select(s => s.Text.Replace("\\|", "|", StringComparison.Ordinal)),
    ];

    public int Count => _snippets.Count;

    /// <summary>The snippet of this number as the source of a module of this name.</summary>
    public string Of(string name, int number)
    {
        var types = _snippets[number % _snippets.Count].Split(" === ", 2);
        var members = types[0].Split(" --- ", 2);
        return CSharpSyntaxTree.ParseText($$"""
            using System.Collections.Immutable;
            using System.Runtime.CompilerServices;

            namespace Of{{name}}
            {
                {{(types.Length > 1 ? types[1] : "")}}

                public sealed partial class {{name}} : FuzzProgram
                {
                    [StaticGraph]
                    public Tensor Forward(Tensor x, int n)
                    {
                        {{members[0]}}
                    }

                    {{(members.Length > 1 ? members[1] : "")}}

                    public override IEnumerable<Tensor?> Call(Tensor x, Tensor y, Tensor v, Tensor w, Tensor k, int n, bool flag) => [Forward(Concat([x, y], 1), n)];

                    public override IEnumerable<Tensor?> Observed() => TensorsOf(this);
                }
            }
            """).GetRoot().NormalizeWhitespace().ToFullString();
    }

    [GeneratedRegex("^\\| .*? \\| (`` (?<tensor>.*?) ``)? \\| (`` (?<host>.*?) ``)? \\| (?<t>[^|`]*) \\| (?<h>[^|`]*) \\|$", RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
