namespace Unified.Native.Tests;

public sealed class LlvmIntrinsicsTests
{
    private const string Dot = "llvm.x86.avx512bf16.dpbf16ps.512";

    [Fact]
    public void What_would_crash_is_an_exception()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmModule module = context.CreateModule("m");
        Assert.Contains("no intrinsic", Message(() => module.Intrinsic("llvm.no.such.thing")), StringComparison.Ordinal);
        Assert.Contains("takes 1 overload types, not 0", Message(() => module.Intrinsic("llvm.fma")), StringComparison.Ordinal);
        Assert.Contains("takes 0 overload types, not 1", Message(() => module.Intrinsic("llvm.nvvm.barrier0", context.F32)), StringComparison.Ordinal);
        Assert.Contains("not known how many", Message(() => module.Intrinsic("llvm.nvvm.ldu.global.i", context.F32)), StringComparison.Ordinal);
        Assert.Contains("needs a target", Message(() => module.Intrinsic(Dot)), StringComparison.Ordinal);
        Assert.Contains("needs 'avx512bf16', which the target x86-64-v4 lacks", Message(() => module.Intrinsic(TargetCpu.X64V4, Dot)), StringComparison.Ordinal);
        Assert.Contains("not known which features", Message(() => module.Intrinsic(TargetCpu.X64V4, "llvm.x86.tilezero")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_has_the_instruction_gets_it()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmType wide = context.F32.Vector(16), pairs = context.BF16.Vector(32);
        LlvmModule module = Kernels.Function(context, wide, [wide, pairs, pairs], (b, f) =>
            b.CallIntrinsic(TargetCpu.X64V4Dot, Dot, [], f.Parameter(0), f.Parameter(1), f.Parameter(2)));
        module.FindFunction("f")!.Value.SetTarget(TargetCpu.X64V4Dot);
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(TargetCpu.X64V4Dot);
        module.SetTarget(machine);
        Assert.Matches("vdpbf16ps.*%zmm", machine.EmitAssembly(module));
    }

    /// <summary>The count of types is right for each overloaded intrinsic that has a row: LLVM's own name for it has as many suffixes.</summary>
    [Theory]
    [InlineData("llvm.fma", "f32", 1)]
    [InlineData("llvm.is.fpclass", "f32", 1)]
    [InlineData("llvm.powi", "f32.i32", 2)]
    [InlineData("llvm.fptosi.sat", "i32.f32", 2)]
    [InlineData("llvm.masked.gather", "v4f32.v4p0", 2)]
    [InlineData("llvm.masked.scatter", "v4f32.v4p0", 2)]
    [InlineData("llvm.masked.expandload", "v4f32", 1)]
    [InlineData("llvm.get.active.lane.mask", "v4i1.i32", 2)]
    [InlineData("llvm.vector.insert", "v8f32.v4f32", 2)]
    [InlineData("llvm.memset", "p0.i64", 2)]
    [InlineData("llvm.memcpy", "p0.p0.i64", 3)]
    [InlineData("llvm.prefetch", "p0", 1)]
    public void Overloaded_intrinsics_have_as_many_types_as_their_names(string name, string suffix, int count)
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmModule module = context.CreateModule("m");
        LlvmType[] types = [.. suffix.Split('.').Select(part => Type(context, part))];
        Assert.Equal(count, types.Length);
        Assert.Equal($"{name}.{suffix}", module.Intrinsic(name, types).Name);
    }

    private static LlvmType Type(LlvmContext context, string text) => text switch
    {
        "f32" => context.F32,
        "i32" => context.I32,
        "i64" => context.I64,
        "p0" => context.Ptr,
        "v4i1" => context.I1.Vector(4),
        "v4p0" => context.Ptr.Vector(4),
        "v4f32" => context.F32.Vector(4),
        _ => context.F32.Vector(8),
    };

    private static string Message(Func<LlvmFunction> declare) => Assert.Throws<LlvmException>(() => declare()).Message;
}
