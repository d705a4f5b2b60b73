using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>The C functions of LLVM 19 for targets, code generation and pass pipelines; names and order of parameters are LLVM's.</summary>
internal static unsafe partial class LlvmApi
{
    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int LLVMGetTargetFromTriple(string triple, nint* target, byte** errorMessage);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmTargetMachine LLVMCreateTargetMachine(nint target, string triple, string cpu, string features, LlvmCodegenLevel level, int reloc, int codeModel);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeTargetMachine(LlvmTargetMachine machine);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetTargetMachineTriple(LlvmTargetMachine target);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetTargetMachineCPU(LlvmTargetMachine target);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetTargetMachineFeatureString(LlvmTargetMachine target);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial nint LLVMCreateTargetDataLayout(LlvmTargetMachine machine);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeTargetData(nint layout);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetModuleDataLayout(LlvmModule module, nint layout);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMTargetMachineEmitToMemoryBuffer(LlvmTargetMachine machine, LlvmModule module, int codegen, byte** errorMessage, nint* result);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetHostCPUName();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetHostCPUFeatures();

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint LLVMRunPasses(LlvmModule module, string passes, LlvmTargetMachine machine, nint options);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial nint LLVMCreatePassBuilderOptions();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPassBuilderOptionsSetVerifyEach(nint options, int verifyEach);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPassBuilderOptionsSetLoopInterleaving(nint options, int loopInterleaving);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPassBuilderOptionsSetLoopVectorization(nint options, int loopVectorization);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPassBuilderOptionsSetSLPVectorization(nint options, int slpVectorization);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPassBuilderOptionsSetLoopUnrolling(nint options, int loopUnrolling);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposePassBuilderOptions(nint options);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetErrorMessage(nint error);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeErrorMessage(byte* message);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeX86TargetInfo();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeX86Target();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeX86TargetMC();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeX86AsmPrinter();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeX86AsmParser();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeNVPTXTargetInfo();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeNVPTXTarget();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeNVPTXTargetMC();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInitializeNVPTXAsmPrinter();
}
