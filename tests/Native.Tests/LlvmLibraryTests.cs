using System.Reflection;
using System.Runtime.Loader;

namespace Unified.Native.Tests;

public sealed class LlvmLibraryTests
{
    [Fact]
    public void The_library_is_version_19()
    {
        LlvmLibrary.EnsureLoaded();
        Assert.True(LlvmLibrary.IsLoaded);
        Assert.Equal(LlvmLibrary.MajorVersion, LlvmLibrary.Version.Major);
    }

    [Fact]
    public void Looking_at_the_host_does_not_load_it() => InFreshCopy(LlvmLibrary.PathVariable, null, assembly =>
    {
        Assert.NotNull(Member(assembly, nameof(HostCpu), "get_Target").Invoke(null, null));
        Assert.False((bool)Member(assembly, nameof(LlvmLibrary), "get_IsLoaded").Invoke(null, null)!);
    });

    [Theory]
    [InlineData(nameof(LlvmLibrary), nameof(LlvmLibrary.EnsureLoaded))]
    [InlineData(nameof(LlvmContext), nameof(LlvmContext.Create))]
    public void A_wrong_path_is_one_clear_error(string type, string method) => InFreshCopy(LlvmLibrary.PathVariable, "/nonexistent", assembly =>
    {
        Exception e = Failure(Member(assembly, type, method));
        Assert.Equal(nameof(NativeLibraryMissingException), e.GetType().Name);
        Assert.StartsWith("UNIFIED_LIBLLVM does not name a usable libLLVM 19. /nonexistent: cannot open shared object file", e.Message, StringComparison.Ordinal);
        Assert.Contains("apt install libllvm19", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.False((bool)Member(assembly, nameof(LlvmLibrary), "get_IsLoaded").Invoke(null, null)!);
    });

    [Fact]
    public void Another_library_at_the_path_is_refused()
    {
        string other = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so");
        Assert.SkipUnless(File.Exists(other), "no other library to try it with");
        InFreshCopy(LlvmLibrary.PathVariable, other, assembly =>
            Assert.Contains(": not LLVM", Failure(Member(assembly, nameof(LlvmLibrary), nameof(LlvmLibrary.EnsureLoaded))).Message, StringComparison.Ordinal));
    }

    private static Exception Failure(MethodInfo method) => Assert.Throws<TargetInvocationException>(() => method.Invoke(null, null)).InnerException!;

    private static MethodInfo Member(Assembly assembly, string type, string method) =>
        assembly.GetType("Unified.Native." + type, throwOnError: true)!.GetMethod(method)!;

    /// <summary>Runs against a second copy of the assembly, in which nothing is loaded yet, with an environment variable set.</summary>
    private static void InFreshCopy(string variable, string? value, Action<Assembly> test)
    {
        // Tests that run at the same time must not look the library up while the variable is set.
        LlvmLibrary.EnsureLoaded();
        AssemblyLoadContext context = new("fresh", isCollectible: true);
        string? before = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, value);
        try
        {
            test(context.LoadFromAssemblyPath(typeof(LlvmLibrary).Assembly.Location));
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
            context.Unload();
        }
    }
}
