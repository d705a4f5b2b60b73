using System.Runtime.InteropServices;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>A machine without libLLVM gets it from its package sources, whole or not at all, and is told what to do where that is not possible.</summary>
public sealed class FetchLlvmTests : IDisposable
{
    private static readonly string s_script = Path.Combine(Programs.Root, "Native", "Unified.Native", "LibLlvm", "ensure-libllvm.sh");

    // Any library that needs nothing but the C library will do where it is not used.
    private static readonly string s_small = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "libSystem.Native.so");

    private readonly TemporaryFolder _cache = new();

    private string Folder => Path.Combine(_cache.Path, "unified");

    private string Library => Path.Combine(Folder, "llvm-19", "libLLVM.so.19.1");

    public void Dispose() => _cache.Dispose();

    [Fact]
    public void It_is_fetched_once_and_kept()
    {
        using (var archive = new PackageArchive(s_small))
        {
            var fetched = Fetch(archive);
            Assert.Equal((0, Library), (fetched.ExitCode, fetched.Output.TrimEnd()));
            Assert.Equal(File.ReadAllBytes(s_small), File.ReadAllBytes(Library));
            Assert.Equal(["llvm-19", "llvm-19.lock"], Left());
        }

        using var none = new PackageArchive(null);
        Assert.Equal(Library, Fetch(none).Output.TrimEnd());
    }

    [Fact]
    public void A_package_that_is_not_the_one_on_the_list_is_refused()
    {
        using var archive = new PackageArchive(s_small, isDamaged: true);
        var fetched = Fetch(archive);
        Assert.Equal((1, "the package libllvm19 could not be downloaded or unpacked"), (fetched.ExitCode, fetched.Output.TrimEnd()));
        Assert.Equal(["llvm-19.lock"], Left());
    }

    [Theory]
    [InlineData(15)]
    [InlineData(9)]
    public async Task A_download_that_is_cut_off_leaves_nothing_half(int signal)
    {
        using (var archive = new PackageArchive(s_small, stalls: true))
        {
            using var process = Programs.Start("setsid", $"sh \"{s_script}\" /dev/null", _cache.Path, archive.Environment(_cache.Path));
            await archive.Stalled.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

            // To the group, as a terminal does.
            PackageFeed.Must(Programs.Run("sh", $"-c \"kill -{signal} -{process.Id}\"", _cache.Path));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(0, process.ExitCode);
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(Library)));
        if (signal == 15)
        {
            Assert.Equal(["llvm-19.lock"], Left());
        }

        using var whole = new PackageArchive(s_small);
        Assert.Equal(0, Fetch(whole).ExitCode);
        Assert.Equal(["llvm-19", "llvm-19.lock"], Left());
    }

    [Fact]
    public void Without_a_network_it_is_said_what_is_missing_and_what_to_do()
    {
        using var none = new PackageArchive(null);
        var fetched = Fetch(none);
        Assert.Equal((1, "the package lists could not be downloaded (apt-get update): is there a network?"), (fetched.ExitCode, fetched.Output.TrimEnd()));
        Assert.Equal(["llvm-19.lock"], Left());
        var lowered = Lower(none);
        Assert.Equal(1, lowered.ExitCode);
        Assert.Contains("libLLVM 19 is not on this system: fetching it, once", lowered.Error, StringComparison.Ordinal);
        Assert.Contains("it cannot be fetched: the package lists could not be downloaded", lowered.Error, StringComparison.Ordinal);
        Assert.Matches("error UG300: libLLVM 19 was not found.*apt install libllvm19.*UNIFIED_LIBLLVM", lowered.Error + lowered.Output);
        Assert.False(File.Exists(Path.Combine(_cache.Path, "app.graphs")));
    }

    [Fact]
    public void A_build_fetches_it_and_goes_on()
    {
        // The one that this machine uses.
        var library = PackageFeed.Must(Programs.Run("sh", $"\"{s_script}\" /dev/null", _cache.Path)).Output.TrimEnd();
        using var archive = new PackageArchive(library);
        var first = PackageFeed.Must(Lower(archive));
        Assert.Contains("libLLVM 19 is not on this system: fetching it, once", first.Error, StringComparison.Ordinal);
        Assert.Equal(1, first.Json.GetProperty("graphs").GetInt32());
        Assert.True(File.Exists(Path.Combine(_cache.Path, "app.graphs")));
        File.Delete(Path.Combine(_cache.Path, "app.graphs"));
        Directory.Delete(Path.Combine(Folder, "kernels"), recursive: true);
        Assert.DoesNotContain("fetching", PackageFeed.Must(Lower(archive)).Error, StringComparison.Ordinal);
    }

    private Outcome Fetch(PackageArchive archive) => Programs.Run("sh", $"\"{s_script}\" /dev/null", _cache.Path, archive.Environment(_cache.Path));

    private Outcome Lower(PackageArchive archive) => Programs.Run(
        "dotnet", $"exec \"{Programs.Built("Unified.Lowering.Tool", "unified")}\" lower \"{Programs.Built("Continue", "Continue")}\" --targets x64-v3 --output \"{_cache.Path}/app.graphs\" --json",
        _cache.Path, archive.Environment(_cache.Path));

    private string[] Left() => [.. Directory.EnumerateFileSystemEntries(Folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
}
