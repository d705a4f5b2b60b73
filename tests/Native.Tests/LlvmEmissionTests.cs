namespace Unified.Native.Tests;

public sealed class LlvmEmissionTests
{
    private static readonly byte[] s_elf = [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    public static TheoryData<string> Targets { get; } = ["x86-64-v3", "x86-64-v4", "x86-64-v4+avx512bf16+avx512vnni"];

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_vector_function_becomes_an_elf_object_and_always_the_same(string target)
    {
        byte[] first = Compile(TargetCpu.Parse(target)), second = Compile(TargetCpu.Parse(target));
        Assert.Equal(s_elf, first[..4]);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Avx512_code_uses_whole_registers_and_fused_multiply_add()
    {
        using LlvmContext context = LlvmContext.Create();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(TargetCpu.X64V4);
        LlvmModule module = Kernels.Axpy(context, TargetCpu.X64V4);
        module.SetTarget(machine);
        string assembly = machine.EmitAssembly(module);
        Assert.Matches("vfmadd[0-9]+ps.*%zmm", assembly);
        Assert.Contains("vmovntps", assembly, StringComparison.Ordinal);
        Assert.DoesNotContain("%ymm", assembly, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_ir_narrows_to_avx2()
    {
        using LlvmContext context = LlvmContext.Create();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(TargetCpu.X64V3);
        LlvmModule module = Kernels.Axpy(context, TargetCpu.X64V3);
        module.SetTarget(machine);
        string assembly = machine.EmitAssembly(module);
        Assert.Matches("vfmadd[0-9]+ps.*%ymm", assembly);
        Assert.DoesNotContain("%zmm", assembly, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_becomes_ptx()
    {
        using LlvmContext context = LlvmContext.Create();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreatePtx(TargetCpu.Parse("sm_80+ptx78"));
        LlvmType global = context.PtrIn(1);
        LlvmModule module = Kernels.Function(context, context.Void, [global], (b, f) =>
        {
            LlvmValue thread = b.ZExt(b.CallIntrinsic("llvm.nvvm.read.ptx.sreg.tid.x", []), context.I64);
            LlvmValue address = b.Gep(context.F32, f.Parameter(0), thread);
            return b.Store(b.CallIntrinsic("llvm.nvvm.ex2.approx.f", [], b.Load(context.F32, address)), address);
        });
        LlvmFunction kernel = module.FindFunction("f")!.Value;
        kernel.CallingConvention = LlvmCallingConvention.PtxKernel;
        module.SetTarget(machine);
        module.AddNamedMetadata("nvvm.annotations", context.Node(
            ((LlvmValue)kernel).AsMetadata(), context.Text("maxntidx"), context.I32.Int(128).AsMetadata()));
        string ptx = machine.EmitAssembly(module);
        Assert.Contains(".entry f", ptx, StringComparison.Ordinal);
        Assert.Contains("ex2.approx.f32", ptx, StringComparison.Ordinal);
        Assert.Contains(".maxntid 128", ptx, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_code_generator_reports_is_an_exception()
    {
        using LlvmContext context = LlvmContext.Create();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(TargetCpu.X64V3);
        LlvmType type = context.Function(context.Void);
        LlvmModule module = Kernels.Function(
            context, context.Void, [], (b, _) => b.Call(type, LlvmValue.InlineAssembly(type, "no_such_instruction", string.Empty, sideEffects: true)));
        module.SetTarget(machine);
        LlvmException e = Assert.Throws<LlvmException>(() => machine.EmitObject(module));
        Assert.Contains("no_such_instruction", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Contexts_on_several_threads_compile_the_same()
    {
        byte[] expected = Compile(TargetCpu.X64V4);
        byte[][] objects = new byte[8][];
        Parallel.For(0, objects.Length, i => objects[i] = Compile(TargetCpu.X64V4));
        Assert.All(objects, bytes => Assert.Equal(expected, bytes));
    }

    private static byte[] Compile(TargetCpu target)
    {
        using LlvmContext context = LlvmContext.Create();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(target);
        LlvmModule module = Kernels.Axpy(context, target);
        module.SetTarget(machine);
        module.RunPasses("function(early-cse,loop-mssa(licm))", machine);
        return machine.EmitObject(module);
    }
}
