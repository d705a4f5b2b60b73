using System.Diagnostics;
using Unified.Native;

namespace Unified.Conformance.Tests;

/// <summary>The ops that all others are made of, on a machine that has SSE2 and nothing later: in a process that .NET keeps from using more.</summary>
public sealed class OldMachineTests
{
    private const string Variable = "DOTNET_EnableSSE42";

    private static bool IsOld => Environment.GetEnvironmentVariable(Variable) == "0";

    [Fact]
    public void The_process_is_on_the_machine_that_it_is_meant_for()
    {
        Assert.SkipUnless(IsOld, $"{Variable}=0 is not set");
        Assert.Equal("x86-64", HostCpu.Target.Name);
        Assert.DoesNotContain(HostCpu.Target.Features, f => f.StartsWith("sse3", StringComparison.Ordinal) || f.StartsWith("avx", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_primitive_op_agrees_with_the_reference_there()
    {
        Assert.SkipWhen(IsOld, "this is that machine");
        var start = new ProcessStartInfo(
            "dotnet", ["exec", typeof(OldMachineTests).Assembly.Location, "-class", typeof(ConformanceTests).FullName!, "-class", typeof(OldMachineTests).FullName!, "-noColor"])
        {
            RedirectStandardOutput = true,
            Environment = { [Variable] = "0", ["UNIFIED_CONFORMANCE"] = "graphs" },
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        Assert.Matches(@"Total: [2-9]\d\d, Errors: 0, Failed: 0, Skipped: 1,", output);
    }
}
