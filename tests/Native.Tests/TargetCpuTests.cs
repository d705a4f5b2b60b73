namespace Unified.Native.Tests;

public sealed class TargetCpuTests
{
    [Theory]
    [InlineData("x86-64")]
    [InlineData("x86-64-v3")]
    [InlineData("x86-64-v4+avx512bf16+avx512vnni")]
    [InlineData("sm_90+ptx80")]
    [InlineData("generic")]
    public void The_text_form_parses_back(string text) => Assert.Equal(text, TargetCpu.Parse(text).ToString());

    [Fact]
    public void Equal_machines_have_one_text_form()
    {
        TargetCpu written = TargetCpu.Parse("x86-64-v4+avx512vnni+avx512bf16+avx2");
        Assert.Equal(TargetCpu.X64V4Dot, written);
        Assert.Equal(TargetCpu.X64V4Dot.GetHashCode(), written.GetHashCode());
        Assert.Equal("x86-64-v4+avx512bf16+avx512vnni", written.ToString());
        Assert.NotEqual(TargetCpu.X64V4, written);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+avx2")]
    [InlineData("x86-64+")]
    [InlineData("x86-64,avx2")]
    public void What_is_no_machine_is_refused(string text) => Assert.Throws<FormatException>(() => TargetCpu.Parse(text));

    [Fact]
    public void A_level_has_the_features_that_its_name_implies()
    {
        Assert.True(TargetCpu.X64V3.Has("fma"));
        Assert.False(TargetCpu.X64V3.Has("avx512f"));
        Assert.True(TargetCpu.X64V4.Has("avx512vl"));
        Assert.True(TargetCpu.X64V4Dot.Has("avx512bf16"));
        Assert.True(TargetCpu.X64V4Dot.CanRun(TargetCpu.X64V3));
        Assert.False(TargetCpu.X64V3.CanRun(TargetCpu.X64V4));
        Assert.False(TargetCpu.X64V4.CanRun(TargetCpu.Parse("sm_90")));
    }

    /// <summary>Functions for a level, with its features spelled out, are what LLVM makes of the level's name alone.</summary>
    [Theory]
    [InlineData("x86-64")]
    [InlineData("x86-64-v3")]
    [InlineData("x86-64-v4")]
    public void The_features_are_names_that_llvm_knows(string level)
    {
        TargetCpu target = TargetCpu.Parse(level);
        Assert.Equal(Assembly(target, target.LlvmFeatures), Assembly(target, string.Empty));
    }

    private static string Assembly(TargetCpu target, string features)
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmModule module = Kernels.Function(context, context.F32.Vector(16), [context.Ptr], (b, f) => b.Load(context.F32.Vector(16), f.Parameter(0)));
        LlvmFunction function = module.FindFunction("f")!.Value;
        function.AddAttribute("target-cpu", target.Name);
        if (features.Length > 0)
        {
            function.AddAttribute("target-features", features);
        }

        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(target);
        module.SetTarget(machine);
        return machine.EmitAssembly(module);
    }
}
