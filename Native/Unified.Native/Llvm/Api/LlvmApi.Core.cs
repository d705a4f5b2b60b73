using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>The C functions of LLVM 19 for the context, modules, diagnostics and text; names and order of parameters are LLVM's.</summary>
internal static unsafe partial class LlvmApi
{
    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeMessage(byte* message);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmContext LLVMContextCreate();

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMContextDispose(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMContextSetDiagnosticHandler(LlvmContext context, delegate* unmanaged[Cdecl]<nint, void*, void> handler, void* diagnosticContext);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetDiagInfoDescription(nint diagnostic);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMGetDiagInfoSeverity(nint diagnostic);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmModule LLVMModuleCreateWithNameInContext(string moduleID, LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeModule(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmModule LLVMCloneModule(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmContext LLVMGetModuleContext(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetModuleIdentifier(LlvmModule module, nuint* len);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMPrintModuleToString(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void LLVMSetTarget(LlvmModule module, string triple);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetTarget(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetDataLayoutStr(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMAddFunction(LlvmModule module, string name, LlvmType functionType);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMGetNamedFunction(LlvmModule module, string name);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetFirstFunction(LlvmModule module);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetNextFunction(LlvmValue function);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMAddGlobalInAddressSpace(LlvmModule module, LlvmType type, string name, uint addressSpace);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMGetNamedGlobal(LlvmModule module, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void LLVMAddNamedMetadataOperand(LlvmModule module, string name, LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMVerifyModule(LlvmModule module, int action, byte** outMessage);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMParseIRInContext(LlvmContext context, nint buffer, LlvmModule* result, byte** outMessage);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial nint LLVMCreateMemoryBufferWithMemoryRangeCopy(byte* inputData, nuint inputDataLength, byte* bufferName);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetBufferStart(nint buffer);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial nuint LLVMGetBufferSize(nint buffer);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeMemoryBuffer(nint buffer);
}
