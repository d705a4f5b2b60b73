using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>The C functions of LLVM 19 for attributes and metadata; names and order of parameters are LLVM's.</summary>
internal static unsafe partial class LlvmApi
{
    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint LLVMGetEnumAttributeKindForName(string name, nuint length);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmAttribute LLVMCreateEnumAttribute(LlvmContext context, uint kindID, ulong value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmAttribute LLVMCreateTypeAttribute(LlvmContext context, uint kindID, LlvmType type);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmAttribute LLVMCreateStringAttribute(LlvmContext context, string key, uint keyLength, string value, uint valueLength);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMAddAttributeAtIndex(LlvmValue function, uint index, LlvmAttribute attribute);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMAddCallSiteAttribute(LlvmValue call, uint index, LlvmAttribute attribute);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint LLVMGetMDKindIDInContext(LlvmContext context, string name, uint length);

    [LibraryImport(LlvmLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmMetadata LLVMMDStringInContext2(LlvmContext context, string text, nuint length);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmMetadata LLVMMDNodeInContext2(LlvmContext context, LlvmMetadata* nodes, nuint count);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmMetadata LLVMTemporaryMDNode(LlvmContext context, LlvmMetadata* data, nuint elementsCount);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMMetadataReplaceAllUsesWith(LlvmMetadata tempTargetMetadata, LlvmMetadata replacement);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmValue LLVMMetadataAsValue(LlvmContext context, LlvmMetadata metadata);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial LlvmMetadata LLVMValueAsMetadata(LlvmValue value);

    [LibraryImport(LlvmLibrary.Name)]
    internal static partial void LLVMSetMetadata(LlvmValue value, uint kindID, LlvmValue node);
}
