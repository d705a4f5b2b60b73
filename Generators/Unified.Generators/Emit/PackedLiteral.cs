using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Unified.Generators;

/// <summary>Turns strings into C# literals.</summary>
internal static class PackedLiteral
{
    /// <summary>Every char as <c>\uXXXX</c>: packed IR holds lone surrogates and control chars, which must survive the file's encoding.</summary>
    public static string Of(string packed)
    {
        var text = new StringBuilder(2 + (6 * packed.Length)).Append('"');
        foreach (var c in packed)
        {
            text.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
        }

        return text.Append('"').ToString();
    }

    /// <summary>A literal for people.</summary>
    public static string Plain(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
