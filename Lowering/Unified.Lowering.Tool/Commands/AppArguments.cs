using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Unified.Tool.Apps;

namespace Unified.Tool.Commands;

/// <summary>What the commands have in common.</summary>
internal static class AppArguments
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Argument<string> App { get; } = new("app") { Description = "The app's assembly" };

    public static Option<string[]> References { get; } = new("--reference", "-r")
    {
        Description = "Assemblies that it needs (default: those in its folder)", AllowMultipleArgumentsPerToken = true,
    };

    public static Option<string> Graph { get; } = new("--graph", "-g") { Description = "Only graphs of methods with this in their name" };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON object" };

    /// <summary>Runs a command on an app, with its errors told at their places.</summary>
    public static int WithApp(string app, string[] references, Func<AppLoadContext, int> run)
    {
        AppLoadContext? context = null;
        return CommandErrors.Guard(app, new SourceFiles(() => context?.Files ?? []), () => run(context = Open(app, references)));
    }

    /// <summary>One line of JSON.</summary>
    public static void WriteJson(object value) => Console.WriteLine(JsonSerializer.Serialize(value, s_json));

    private static AppLoadContext Open(string app, string[] references)
    {
        if (!File.Exists(app))
        {
            throw new AppException($"there is no file '{app}'; build the app first");
        }

        IEnumerable<string> others = references.Length > 0 ? references : Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(app))!, "*.dll").Order(StringComparer.Ordinal);
        return new AppLoadContext([app, .. others]);
    }
}
