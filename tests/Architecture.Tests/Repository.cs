namespace Unified.Architecture.Tests;

/// <summary>The files of the checkout.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every project file outside build output, relative to the root.</summary>
    public static IEnumerable<string> Projects => Files("*.csproj");

    public static IEnumerable<string> Files(string pattern) => Directory
        .EnumerateFiles(Root, pattern, SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
        .Where(f => !f.Split('/').Any(p => p is "artifacts" or "content" or "bin" or "obj" or ".git" or "runs"))
        .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Unified.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("the tests do not run inside a checkout");
    }
}
