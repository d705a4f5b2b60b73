using System.CommandLine;
using Unified.Tool.Apps;

namespace Unified.Tool.Commands;

/// <summary>What the commands that load an app have in common.</summary>
internal static class AppArguments
{
    public static Argument<string> App { get; } = new("app") { Description = "The app's assembly" };

    public static Option<string[]> References { get; } = new("--reference", "-r")
    {
        Description = "Assemblies that it needs (default: those in its folder)", AllowMultipleArgumentsPerToken = true,
    };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON object" };

    /// <exception cref="AppException">There is no such file.</exception>
    public static AppLoadContext Open(string app, string[] references)
    {
        IEnumerable<string> others = references.Length > 0 ? references : Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(app))!, "*.dll").Order(StringComparer.Ordinal);
        return File.Exists(app) ? new AppLoadContext([app, .. others]) : throw new AppException($"there is no file '{app}'; build the app first");
    }
}
