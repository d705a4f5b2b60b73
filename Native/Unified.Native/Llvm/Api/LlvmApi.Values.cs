using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>The C functions of LLVM 19 for values, constants, functions, globals and blocks; names and order of parameters are LLVM's.</summary>
internal static unsafe partial class LlvmApi
{
    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMTypeOf(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMPrintValueToString(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial byte* LLVMGetValueName2(LlvmValue value, nuint* length);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void LLVMSetValueName2(LlvmValue value, string name, nuint nameLen);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMIsConstant(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMIsAInstruction(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMIsAConstantInt(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue instruction(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMReplaceAllUsesWith(LlvmValue value, LlvmValue replacement);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMGetNumOperands(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetOperand(LlvmValue value, uint index);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstNull(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstAllOnes(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetUndef(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetPoison(LlvmType type);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstInt(LlvmType intType, ulong n, int signExtend);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial long LLVMConstIntGetSExtValue(LlvmValue constant);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstReal(LlvmType realType, double n);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstBitCast(LlvmValue constant, LlvmType toType);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstVector(LlvmValue* scalarConstant, uint size);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstArray2(LlvmType elementType, LlvmValue* constant, ulong length);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstStructInContext(LlvmContext context, LlvmValue* constant, uint count, int packed);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMConstStringInContext2(LlvmContext context, byte* text, nuint length, int dontNullTerminate);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmValue LLVMGetInlineAsm(LlvmType type, string asmString, nuint asmStringSize, string constraints, nuint constraintsSize, int hasSideEffects, int isAlignStack, int dialect, int canThrow);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmModule LLVMGetGlobalParent(LlvmValue global);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmType LLVMGlobalGetValueType(LlvmValue global);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmLinkage LLVMGetLinkage(LlvmValue global);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetLinkage(LlvmValue global, LlvmLinkage linkage);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetUnnamedAddress(LlvmValue global, int kind);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void LLVMSetSection(LlvmValue global, string section);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetInitializer(LlvmValue globalVar, LlvmValue constant);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetGlobalConstant(LlvmValue globalVar, int isConstant);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMGetAlignment(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetAlignment(LlvmValue value, uint bytes);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetVolatile(LlvmValue instruction, int isVolatile);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMCountParams(LlvmValue function);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetParam(LlvmValue function, uint index);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial uint LLVMGetFunctionCallConv(LlvmValue function);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetFunctionCallConv(LlvmValue function, uint convention);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMDeleteFunction(LlvmValue function);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetInstructionCallConv(LlvmValue instruction, uint convention);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmBlock LLVMAppendBasicBlockInContext(LlvmContext context, LlvmValue function, string name);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetBasicBlockParent(LlvmBlock block);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmBlock LLVMGetEntryBasicBlock(LlvmValue function);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetBasicBlockTerminator(LlvmBlock block);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetFirstInstruction(LlvmBlock block);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetNextInstruction(LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMBasicBlockAsValue(LlvmBlock block);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMMoveBasicBlockAfter(LlvmBlock block, LlvmBlock movePos);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMAddIncoming(LlvmValue phiNode, LlvmValue* incomingValues, LlvmBlock* incomingBlocks, uint count);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMAddCase(LlvmValue instruction, LlvmValue on, LlvmBlock dest);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMInstructionEraseFromParent(LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetNUW(LlvmValue instruction, int hasNUW);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetNSW(LlvmValue instruction, int hasNSW);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetExact(LlvmValue instruction, int isExact);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetNNeg(LlvmValue instruction, int isNonNeg);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMCanValueUseFastMathFlags(LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmFastMath LLVMGetFastMathFlags(LlvmValue instruction);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetFastMathFlags(LlvmValue instruction, LlvmFastMath flags);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint LLVMLookupIntrinsicID(string name, nuint nameLen);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial int LLVMIntrinsicIsOverloaded(uint id);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMGetIntrinsicDeclaration(LlvmModule module, uint id, LlvmType* paramTypes, nuint paramCount);
}
