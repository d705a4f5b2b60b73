using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Unified.EndToEnd.Tests;

/// <summary>What a child process said.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>The JSON object on the last line.</summary>
    public JsonElement Json => JsonDocument.Parse(Output.TrimEnd().Split('\n')[^1]).RootElement;
}

/// <summary>Runs programs of the checkout.</summary>
internal static class Programs
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    public static string Root { get; } = FindRoot();

    public static string Configuration { get; } = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(a => a.Key == "Configuration").Value!;

    public static string TextGptPath => Built("TextGpt", "TextGpt");

    public static Outcome TextGpt(string arguments, params (string Name, string Value)[] environment) =>
        Run("dotnet", $"exec \"{TextGptPath}\" {arguments}", Root, environment);

    public static Outcome Classics(string arguments) => Run("dotnet", $"exec \"{Built("Classics", "Classics")}\" {arguments}", Root);

    /// <summary>A program of this solution, as it was built with the tests.</summary>
    public static string Built(string project, string name) =>
        Path.Combine(Root, "artifacts", "bin", project, Configuration == "Debug" ? "debug" : "release", name + ".dll");

    public static Process Start(string file, string arguments, string folder, params (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // A build started from a test must not meet the test's own build server or settings.
        info.Environment.Remove("MSBUILD_EXE_PATH");
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        info.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }

        return Process.Start(info)!;
    }

    public static Outcome Run(string file, string arguments, string folder, params (string Name, string Value)[] environment)
    {
        using var process = Start(file, arguments, folder, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {arguments} did not end: {output.Result}{error.Result}");
        }

        return new Outcome(process.ExitCode, output.Result, error.Result);
    }

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

/// <summary>An empty folder that goes away.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("unified-test-").FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
