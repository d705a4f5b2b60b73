using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests;

/// <summary>Models against the real runtime and layers, as a user's project has them.</summary>
internal static class RealModels
{
    public static IReadOnlyList<MetadataReference> References { get; } =
        [.. new[] { "Unified.Runtime.dll", "Unified.Nn.dll" }.Select(f => MetadataReference.CreateFromFile(Path.Combine(AppContext.BaseDirectory, f)))];

    public static Generation Generate(params string[] sources)
    {
        var compilation = Compilations.Create("App", ["global using System.Threading.Tasks;", .. sources], References);
        compilation = compilation.WithOptions(compilation.Options.WithAllowUnsafe(true));
        return Generation.Of(Rename(compilation));
    }

    // The user's file is File1 in every message, whatever global usings stand before it.
    private static Microsoft.CodeAnalysis.CSharp.CSharpCompilation Rename(Microsoft.CodeAnalysis.CSharp.CSharpCompilation compilation)
    {
        var trees = compilation.SyntaxTrees.Skip(1).ToList();
        return compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(compilation.SyntaxTrees.Take(1))
            .AddSyntaxTrees(trees.Select((t, i) => t.WithFilePath($"File{i}.cs")));
    }
}
