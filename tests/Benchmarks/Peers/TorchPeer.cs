using System.Diagnostics;
using System.Reflection;
using Unified.Benchmarks.Measuring;

namespace Unified.Benchmarks.Peers;

/// <summary>
/// libtorch through TorchSharp, in a process of its own that waits without spinning while others run. It is asked a line at a time:
/// <c>prepare NAME</c> is answered by <c>ready</c>, <c>none</c> (it has no such work) or <c>error TEXT</c>; <c>run N</c> by milliseconds.
/// </summary>
public sealed class TorchPeer : IDisposable
{
    private readonly Process _process;

    private TorchPeer(Process process) => _process = process;

    /// <summary>Builds and starts the peer.</summary>
    /// <param name="problem">Why there is none.</param>
    public static TorchPeer? Start(int threads, out string? problem)
    {
        if (Build(out problem) is not { } assembly)
        {
            return null;
        }

        var info = new ProcessStartInfo("dotnet", [assembly, threads.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var peer = new TorchPeer(Process.Start(info)!);
        var hello = peer._process.StandardOutput.ReadLine();
        if (hello == "ready")
        {
            problem = null;
            return peer;
        }

        problem = "it does not load: " + (hello ?? "it ended at once");
        peer.Dispose();
        return null;
    }

    /// <summary>Builds the peer: its assembly, or null.</summary>
    /// <param name="problem">Why there is none.</param>
    public static string? Build(out string? problem)
    {
        problem = null;
        var project = typeof(TorchPeer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "TorchPeerProject").Value!;
        if (!File.Exists(project))
        {
            problem = $"its project is not at {project}";
            return null;
        }

        var built = Run("dotnet", ["build", project, "-c", "Release", "-v", "q", "--nologo", "-getProperty:TargetPath"]);
        var assembly = built.Output.Trim();
        if (built.ExitCode == 0)
        {
            built = Run("dotnet", ["build", project, "-c", "Release", "-v", "q", "--nologo"]);
        }

        if (built.ExitCode != 0)
        {
            problem = "its project does not build: " + built.Output.Trim();
            return null;
        }

        var binding = Path.Combine(Path.GetDirectoryName(assembly)!, "libLibTorchSharp.so");
        if (File.Exists(binding))
        {
            SharedLibrary.MakeOptional(binding, "GLIBCXX_3.4.32", "_ZSt21ios_base_library_initv");
        }

        return assembly;
    }

    /// <returns>Null where libtorch has no such work.</returns>
    public IContender? Prepare(string work)
    {
        var answer = Ask("prepare " + work);
        return answer switch
        {
            "ready" => new Contender(this),
            "none" => null,
            _ => throw new InvalidOperationException($"libtorch, {work}: {answer}"),
        };
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(2000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the libtorch peer has ended");
    }

    private static (int ExitCode, string Output) Run(string file, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private sealed class Contender(TorchPeer peer) : IContender
    {
        public string Name => "libtorch";

        public double Run(int times)
        {
            var answer = peer.Ask("run " + times.ToString(CultureInfo.InvariantCulture));
            return double.TryParse(answer, CultureInfo.InvariantCulture, out var milliseconds) ? milliseconds : throw new InvalidOperationException("libtorch: " + answer);
        }

        public void Dispose()
        {
        }
    }
}
