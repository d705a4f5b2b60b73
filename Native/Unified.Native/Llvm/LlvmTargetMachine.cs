using System.Runtime.InteropServices;
using System.Text;

namespace Unified.Native;

/// <summary>How much work code generation does. Below <c>Default</c> kernels become slower, above it they do not become faster.</summary>
public enum LlvmCodegenLevel
{
    None,
    Less,
    Default,
    Aggressive,
}

/// <summary>Turns modules into machine code for one kind of machine. Used by one thread at a time.</summary>
public readonly unsafe record struct LlvmTargetMachine(nint Pointer) : IDisposable
{
    private const string X64Triple = "x86_64-unknown-linux-gnu";
    private const string PtxTriple = "nvptx64-nvidia-cuda";
    private const int AssemblyFile = 0;
    private const int ObjectFile = 1;
    private const int DefaultRelocation = 0;
    private const int PositionIndependent = 2;
    private const int DefaultCodeModel = 0;

    private static readonly Lock s_lock = new();
    private static bool s_x64;
    private static bool s_ptx;

    public string Triple => LlvmText.Take(LlvmApi.LLVMGetTargetMachineTriple(this));

    public string Cpu => LlvmText.Take(LlvmApi.LLVMGetTargetMachineCPU(this));

    public string Features => LlvmText.Take(LlvmApi.LLVMGetTargetMachineFeatureString(this));

    /// <summary>The host's CPU as LLVM names it.</summary>
    public static string HostCpuName => LlvmText.Take(LlvmApi.LLVMGetHostCPUName());

    /// <summary>The host's features as LLVM finds them: "+avx2,-avx512f,…".</summary>
    public static string HostCpuFeatures => LlvmText.Take(LlvmApi.LLVMGetHostCPUFeatures());

    /// <summary>A machine that makes ELF objects for x86-64, position-independent, small code model. Loads libLLVM.</summary>
    public static LlvmTargetMachine CreateX64(TargetCpu cpu, LlvmCodegenLevel level = LlvmCodegenLevel.Default)
    {
        lock (s_lock)
        {
            if (!s_x64)
            {
                LlvmApi.LLVMInitializeX86TargetInfo();
                LlvmApi.LLVMInitializeX86Target();
                LlvmApi.LLVMInitializeX86TargetMC();
                LlvmApi.LLVMInitializeX86AsmPrinter();

                // Inline assembly in an object would end the process without it.
                LlvmApi.LLVMInitializeX86AsmParser();
                s_x64 = true;
            }
        }

        return Create(X64Triple, cpu, level, PositionIndependent);
    }

    /// <summary>A machine that makes PTX, for a CPU such as <c>TargetCpu.Parse("sm_90+ptx80")</c>. Loads libLLVM.</summary>
    public static LlvmTargetMachine CreatePtx(TargetCpu cpu, LlvmCodegenLevel level = LlvmCodegenLevel.Default)
    {
        lock (s_lock)
        {
            if (!s_ptx)
            {
                LlvmApi.LLVMInitializeNVPTXTargetInfo();
                LlvmApi.LLVMInitializeNVPTXTarget();
                LlvmApi.LLVMInitializeNVPTXTargetMC();
                LlvmApi.LLVMInitializeNVPTXAsmPrinter();
                s_ptx = true;
            }
        }

        return Create(PtxTriple, cpu, level, DefaultRelocation);
    }

    /// <summary>The relocatable object of a module, the same bytes for the same IR and machine. Verifies first, and changes the module.</summary>
    /// <exception cref="LlvmException">The module does not verify, or code generation reports errors.</exception>
    public byte[] EmitObject(LlvmModule module) => Emit(module, ObjectFile);

    /// <summary>The assembly text of a module (PTX for a PTX machine). Verifies first, and changes the module.</summary>
    /// <exception cref="LlvmException">The module does not verify, or code generation reports errors.</exception>
    public string EmitAssembly(LlvmModule module) => Encoding.UTF8.GetString(Emit(module, AssemblyFile));

    public void Dispose() => LlvmApi.LLVMDisposeTargetMachine(this);

    private static LlvmTargetMachine Create(string triple, TargetCpu cpu, LlvmCodegenLevel level, int relocation)
    {
        nint target;
        byte* message = null;
        return LlvmApi.LLVMGetTargetFromTriple(triple, &target, &message) == 0
            ? LlvmApi.LLVMCreateTargetMachine(target, triple, cpu.Name, cpu.LlvmFeatures, level, relocation, DefaultCodeModel)
            : throw new LlvmException($"libLLVM cannot compile for {triple}: {LlvmText.Take(message)}");
    }

    private byte[] Emit(LlvmModule module, int kind)
    {
        module.Verify();
        LlvmDiagnostics.Clear();
        nint buffer;
        byte* message = null;
        if (LlvmApi.LLVMTargetMachineEmitToMemoryBuffer(this, module, kind, &message, &buffer) != 0)
        {
            throw new LlvmException($"LLVM cannot emit module '{module.Name}': {LlvmText.Take(message)}");
        }

        byte[] bytes = new byte[checked((int)LlvmApi.LLVMGetBufferSize(buffer))];
        Marshal.Copy((nint)LlvmApi.LLVMGetBufferStart(buffer), bytes, 0, bytes.Length);
        LlvmApi.LLVMDisposeMemoryBuffer(buffer);
        LlvmDiagnostics.ThrowIfAny($"emitting module '{module.Name}'");
        return bytes;
    }
}
