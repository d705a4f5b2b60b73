using System.Diagnostics;

namespace Unified.Tool.Lower;

/// <summary>Puts libLLVM into the user's cache where the system has none, by the script that also the build of this project runs. No root is needed.</summary>
internal static class FetchLlvm
{
    /// <summary>False where that is not possible, and the script has said why.</summary>
    public static bool TryRun()
    {
        var script = Path.Combine(AppContext.BaseDirectory, "ensure-libllvm.sh");
        if (!OperatingSystem.IsLinux() || !File.Exists(script))
        {
            return false;
        }

        Console.Error.WriteLine("  libLLVM 19 is not on this system: fetching it, once");
        using var shell = Process.Start(new ProcessStartInfo("sh", [script, "/dev/null"]) { RedirectStandardOutput = true })!;
        var answer = shell.StandardOutput.ReadToEnd().Trim();
        shell.WaitForExit();
        if (shell.ExitCode != 0)
        {
            Console.Error.WriteLine($"  it cannot be fetched: {answer}");
        }

        return shell.ExitCode == 0;
    }
}
