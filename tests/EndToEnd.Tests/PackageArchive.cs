using System.Net;
using System.Security.Cryptography;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>
/// A package archive on this machine with one package, libllvm19, as apt reads it, and a machine that has no other source of it: nothing here needs a
/// network.
/// </summary>
internal sealed class PackageArchive : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpListener? _server;
    private readonly Task _answering = Task.CompletedTask;

    /// <param name="library">The file that the package holds as libLLVM; null: there is no archive, and no network.</param>
    /// <param name="isDamaged">The package is another than the archive's list says.</param>
    /// <param name="stalls">The archive gives half of the package and no more.</param>
    public PackageArchive(string? library, bool isDamaged = false, bool stalls = false)
    {
        foreach (var tool in (string[])["apt-get", "dpkg-deb"])
        {
            Assert.SkipUnless((System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(f => File.Exists(Path.Combine(f, tool))), $"packages need {tool}");
        }

        Assert.SkipWhen(File.Exists("/usr/lib/llvm-19/lib/libLLVM.so.19.1"), "the system has libLLVM 19: nothing is fetched");
        var root = Directory.CreateDirectory(Path.Combine(_folder.Path, "archive")).FullName;
        if (library is not null)
        {
            Fill(root, library, isDamaged);
        }

        var source = library is null ? "http://127.0.0.1:9/" : $"file:{root}";
        if (stalls)
        {
            source = FreeAddress();
            _server = new HttpListener { Prefixes = { source } };
            _server.Start();
            _answering = Answer(root);
        }

        var list = _folder.Write("sources.list", $"deb [trusted=yes] {source} ./\n");
        _folder.Write("apt.conf", $"""
            Dir::Etc::main "/dev/null";
            Dir::Etc::parts "/dev/null";
            Dir::Etc::sourcelist "{list}";
            Dir::Etc::sourceparts "/dev/null";
            Acquire::Retries::Delay "false";
            """);

        // A system that has no libLLVM of its own.
        var ldconfig = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.Path, "bin")).FullName, "ldconfig");
        File.WriteAllText(ldconfig, "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(ldconfig, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Completed once the half of the package is on its way.</summary>
    public Task Stalled => _stalled.Task;

    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What a process needs to see this archive alone, with its cache in a folder.</summary>
    public (string Name, string Value)[] Environment(string cache) =>
    [
        ("APT_CONFIG", Path.Combine(_folder.Path, "apt.conf")), ("PATH", $"{Path.Combine(_folder.Path, "bin")}:{System.Environment.GetEnvironmentVariable("PATH")}"),
        ("XDG_CACHE_HOME", cache), ("UNIFIED_LIBLLVM", ""), ("UNIFIED_CACHE", ""), ("http_proxy", ""), ("no_proxy", "*"),
    ];

    public void Dispose()
    {
        _server?.Close();
        _answering.Wait(TimeSpan.FromSeconds(10));
        _folder.Dispose();
    }

    private void Fill(string root, string library, bool isDamaged)
    {
        const string Control = "Package: libllvm19\nVersion: 1:19.1.7-0\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\nDescription: for tests\n";
        var content = Path.Combine(_folder.Path, "content");
        foreach (var (name, text) in ((string, string)[])[("DEBIAN/control", Control), ("usr/share/doc/libllvm19/copyright", "none\n")])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(content, name))!);
            File.WriteAllText(Path.Combine(content, name), text);
        }

        var target = Path.Combine(content, "usr", "lib", "x86_64-linux-gnu", "libLLVM.so.19.1");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(library, target);
        var package = Path.Combine(root, "libllvm19.deb");
        PackageFeed.Must(Programs.Run("dpkg-deb", $"--root-owner-group -Znone --build \"{content}\" \"{package}\"", _folder.Path));
        using (var file = File.OpenRead(package))
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(file));
            File.WriteAllText(Path.Combine(root, "Packages"), $"{Control}Filename: ./libllvm19.deb\nSize: {file.Length}\nSHA256: {hash}\n");
        }

        if (isDamaged)
        {
            using var file = new FileStream(package, FileMode.Open);
            file.Position = file.Length / 2;
            var b = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(b ^ 1));
        }
    }

    private static string FreeAddress()
    {
        using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
    }

    private async Task Answer(string root)
    {
        while (_server!.IsListening)
        {
            try
            {
                var context = await _server.GetContextAsync().ConfigureAwait(false);
                var file = Path.Combine(root, Path.GetFileName(context.Request.Url!.LocalPath));
                if (!File.Exists(file))
                {
                    context.Response.StatusCode = 404;
                    context.Response.Close();
                    continue;
                }

                var bytes = await File.ReadAllBytesAsync(file).ConfigureAwait(false);
                context.Response.ContentLength64 = bytes.Length;
                var isPackage = file.EndsWith(".deb", StringComparison.Ordinal);
                await context.Response.OutputStream.WriteAsync(bytes.AsMemory(0, isPackage ? bytes.Length / 2 : bytes.Length)).ConfigureAwait(false);
                await context.Response.OutputStream.FlushAsync().ConfigureAwait(false);
                if (isPackage)
                {
                    _stalled.TrySetResult();
                }
                else
                {
                    context.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
