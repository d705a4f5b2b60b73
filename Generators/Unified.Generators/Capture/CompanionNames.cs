using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Unified.Generators;

/// <summary>Turns a method into the name of its generated companion.</summary>
internal static class CompanionNames
{
    /// <summary>
    /// <c>G_Mlp_Forward_0123456789abcdef</c>: readable, and unique by 64 bits of the documentation id's SHA-256, so that
    /// overloads and equal names in other namespaces stay apart.
    /// </summary>
    public static string Of(IMethodSymbol method)
    {
        method = method.OriginalDefinition;
        using var sha = SHA256.Create();
        var hash = sha.ComputeHash(Encoding.UTF8.GetBytes(method.GetDocumentationCommentId() ?? method.ToDisplayString()));
        var name = new StringBuilder("G_").Append(Identifier(method.ContainingType?.Name)).Append('_').Append(Identifier(method.Name)).Append('_');
        for (var i = 0; i < 8; i++)
        {
            name.Append(hash[i].ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return name.ToString();
    }

    // Explicit interface implementations carry dots and angle brackets in their name.
    private static string Identifier(string? name) =>
        new([.. (name ?? "").Select(c => char.IsLetterOrDigit(c) || c == '_' ? c : '_')]);
}
