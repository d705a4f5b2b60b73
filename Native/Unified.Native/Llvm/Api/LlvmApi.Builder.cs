using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>The C functions of LLVM 19 for instruction building; names and order of parameters are LLVM's.</summary>
internal static unsafe partial class LlvmApi
{
    [LibraryImport(LlvmLibrary.Name)]
    internal static partial nint LLVMCreateBuilderInContext(LlvmContext context);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDisposeBuilder(nint builder);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPositionBuilderAtEnd(nint builder, LlvmBlock block);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMPositionBuilderBefore(nint builder, LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmBlock LLVMGetInsertBlock(nint builder);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildRetVoid(nint builder);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildRet(nint builder, LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInstructionRemoveFromParent(LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInsertIntoBuilder(nint builder, LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildBr(nint builder, LlvmBlock dest);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildCondBr(nint builder, LlvmValue condition, LlvmBlock then, LlvmBlock otherwise);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildSwitch(nint builder, LlvmValue value, LlvmBlock otherwise, uint casesCount);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildUnreachable(nint builder);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildBinOp(nint builder, LlvmBinary opcode, LlvmValue left, LlvmValue right, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildNeg(nint builder, LlvmValue value, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildFNeg(nint builder, LlvmValue value, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildNot(nint builder, LlvmValue value, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildCast(nint builder, LlvmCast opcode, LlvmValue value, LlvmType destType, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildIntCast2(nint builder, LlvmValue value, LlvmType destType, int isSigned, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildFPCast(nint builder, LlvmValue value, LlvmType destType, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildICmp(nint builder, LlvmIntPredicate opcode, LlvmValue left, LlvmValue right, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildFCmp(nint builder, LlvmRealPredicate opcode, LlvmValue left, LlvmValue right, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildSelect(nint builder, LlvmValue condition, LlvmValue then, LlvmValue otherwise, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildFreeze(nint builder, LlvmValue value, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildPhi(nint builder, LlvmType type, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildCall2(nint builder, LlvmType functionType, LlvmValue function, LlvmValue* args, uint argsCount, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildAlloca(nint builder, LlvmType type, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildLoad2(nint builder, LlvmType type, LlvmValue pointer, string name);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildStore(nint builder, LlvmValue value, LlvmValue ptr);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildGEP2(nint builder, LlvmType type, LlvmValue pointer, LlvmValue* indices, uint indicesCount, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildInBoundsGEP2(nint builder, LlvmType type, LlvmValue pointer, LlvmValue* indices, uint indicesCount, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildStructGEP2(nint builder, LlvmType type, LlvmValue pointer, uint index, string name);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildMemSet(nint builder, LlvmValue ptr, LlvmValue value, LlvmValue len, uint align);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildMemCpy(nint builder, LlvmValue dst, uint dstAlign, LlvmValue src, uint srcAlign, LlvmValue size);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBuildMemMove(nint builder, LlvmValue dst, uint dstAlign, LlvmValue src, uint srcAlign, LlvmValue size);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildExtractElement(nint builder, LlvmValue vec, LlvmValue index, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildInsertElement(nint builder, LlvmValue vec, LlvmValue elt, LlvmValue index, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildShuffleVector(nint builder, LlvmValue v1, LlvmValue v2, LlvmValue mask, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildExtractValue(nint builder, LlvmValue agg, uint index, string name);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMBuildInsertValue(nint builder, LlvmValue agg, LlvmValue elt, uint index, string name);
}
