using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>The C functions of LLVM 19 for types; names and order of parameters are LLVM's.</summary>
internal static unsafe partial class LlvmApi
{
    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmTypeKind LLVMGetTypeKind(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmContext LLVMGetTypeContext(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMPrintTypeToString(LlvmType value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMVoidTypeInContext(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMIntTypeInContext(LlvmContext context, uint bitsCount);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMGetIntTypeWidth(LlvmType integerType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMHalfTypeInContext(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMBFloatTypeInContext(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMFloatTypeInContext(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMDoubleTypeInContext(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMPointerTypeInContext(LlvmContext context, uint addressSpace);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMGetPointerAddressSpace(LlvmType pointerType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMVectorType(LlvmType elementType, uint elementCount);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMGetVectorSize(LlvmType vectorType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMArrayType2(LlvmType elementType, ulong elementCount);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial ulong LLVMGetArrayLength2(LlvmType arrayType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMGetElementType(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMStructTypeInContext(LlvmContext context, LlvmType* elementTypes, uint elementCount, int packed);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMCountStructElementTypes(LlvmType structType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMStructGetTypeAtIndex(LlvmType structType, uint i);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMFunctionType(LlvmType returnType, LlvmType* paramTypes, uint paramCount, int isVarArg);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMGetReturnType(LlvmType functionType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMCountParamTypes(LlvmType functionType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMGetParamTypes(LlvmType functionType, LlvmType* dest);
}
