using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Unified.Native.Tests;

public sealed class HostCpuTests
{
    private static readonly Dictionary<string, bool> s_llvm = LlvmTargetMachine.HostCpuFeatures.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .ToDictionary(feature => feature[1..], feature => feature[0] == '+');

    [Theory]
    [InlineData("avx2")]
    [InlineData("fma")]
    [InlineData("f16c")]
    [InlineData("avx512f")]
    [InlineData("avx512bw")]
    [InlineData("avx512vl")]
    [InlineData("avx512bf16")]
    [InlineData("avx512vnni")]
    [InlineData("avx512fp16")]
    [InlineData("avx512vbmi")]
    [InlineData("avxvnni")]
    [InlineData("gfni")]
    public void The_host_has_what_llvm_finds(string feature)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "x86-64 only");
        Assert.True(s_llvm.ContainsKey(feature), "LLVM has no such feature");
        Assert.SkipWhen(
            feature.StartsWith("avx512", StringComparison.Ordinal) && s_llvm["avx512f"] && !Avx512F.IsSupported,
            "the run-time is set not to use AVX-512");
        Assert.Equal(s_llvm[feature], HostCpu.Target.Has(feature));
    }

    [Fact]
    public void Every_feature_of_the_host_is_one_that_llvm_finds()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "x86-64 only");
        Assert.All(HostCpu.Target.Features, feature => Assert.True(s_llvm.GetValueOrDefault(feature), feature));
    }

    [Fact]
    public void The_host_is_named_by_its_level()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "x86-64 only");
        Assert.StartsWith("x86-64", HostCpu.Target.Name, StringComparison.Ordinal);
        Assert.Equal(HostCpu.Target.Has("avx512vl"), HostCpu.Target.CanRun(TargetCpu.X64V4));
        Assert.Equal(HostCpu.Target, TargetCpu.Parse(HostCpu.Target.ToString()));
    }
}
