using System.Diagnostics;
using Unified.Native;

namespace Unified.Tool.Lower;

/// <summary>Puts libLLVM into the user's cache where the system has none, by the script that also the build of this project runs. No root is needed.</summary>
internal static class FetchLlvm
{
    /// <summary>Compiles; and once more, with libLLVM fetched, where it was missing. With every kernel in the cache it is not needed.</summary>
    public static T With<T>(Func<T> compile)
    {
        try
        {
            return compile();
        }
        catch (NativeLibraryMissingException) when (TryRun())
        {
            return compile();
        }
    }

    /// <summary>False where that is not possible, and the script has said why.</summary>
    private static bool TryRun()
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
