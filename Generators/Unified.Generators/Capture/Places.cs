using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns syntax into places for messages. No absolute path comes out, so that builds are reproducible.</summary>
internal static class Places
{
    private const int LongestText = 120;

    public static SourceSpan Of(SyntaxNode syntax)
    {
        var line = syntax.SyntaxTree.GetMappedLineSpan(syntax.Span);
        return new SourceSpan(
            ShortPath(line.Path), line.StartLinePosition.Line + 1, line.StartLinePosition.Character + 1, OneLine(syntax.ToString(), LongestText));
    }

    public static CaptureDiagnostic Diagnostic(string id, SyntaxNode syntax, params string[] arguments) => new(
        id, syntax.SyntaxTree.FilePath, syntax.Span, syntax.SyntaxTree.GetLineSpan(syntax.Span).Span, [.. arguments]);

    /// <summary>The text with every run of white space as one blank, cut at <paramref name="longest"/> characters.</summary>
    public static string OneLine(string text, int longest)
    {
        var line = string.Join(" ", text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= longest ? line : line.Substring(0, longest - 1) + "…";
    }

    /// <summary>File name and the folder it is in.</summary>
    private static string ShortPath(string path)
    {
        var parts = path.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries);
        return parts.Length < 2 || parts[parts.Length - 2].EndsWith(":", StringComparison.Ordinal) || parts.Length == 2
            ? parts.LastOrDefault() ?? ""
            : $"{parts[parts.Length - 2]}/{parts[parts.Length - 1]}";
    }
}
