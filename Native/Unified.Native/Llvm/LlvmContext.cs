using System.Text;

namespace Unified.Native;

/// <summary>Owns types, constants, metadata and modules; used by one thread at a time. Disposing it frees everything made in it, modules included.</summary>
public readonly unsafe record struct LlvmContext(nint Pointer) : IDisposable
{
    public LlvmType Void => LlvmApi.LLVMVoidTypeInContext(this);

    public LlvmType I1 => Int(1);

    public LlvmType I8 => Int(8);

    public LlvmType I16 => Int(16);

    public LlvmType I32 => Int(32);

    public LlvmType I64 => Int(64);

    public LlvmType F16 => LlvmApi.LLVMHalfTypeInContext(this);

    public LlvmType BF16 => LlvmApi.LLVMBFloatTypeInContext(this);

    public LlvmType F32 => LlvmApi.LLVMFloatTypeInContext(this);

    public LlvmType F64 => LlvmApi.LLVMDoubleTypeInContext(this);

    /// <summary>The pointer type of address space 0.</summary>
    public LlvmType Ptr => PtrIn(0);

    /// <summary>Makes a context whose errors become exceptions. Loads libLLVM.</summary>
    /// <exception cref="NativeLibraryMissingException">No usable libLLVM 19 was found.</exception>
    public static LlvmContext Create()
    {
        LlvmContext context = LlvmApi.LLVMContextCreate();
        LlvmDiagnostics.Install(context);
        return context;
    }

    /// <summary>The integer type of that many bits.</summary>
    public LlvmType Int(int bits) => LlvmApi.LLVMIntTypeInContext(this, checked((uint)bits));

    public LlvmType PtrIn(int addressSpace) => LlvmApi.LLVMPointerTypeInContext(this, checked((uint)addressSpace));

    public LlvmType Struct(params ReadOnlySpan<LlvmType> fields)
    {
        fixed (LlvmType* first = fields)
        {
            return LlvmApi.LLVMStructTypeInContext(this, first, (uint)fields.Length, 0);
        }
    }

    public LlvmType Function(LlvmType result, params ReadOnlySpan<LlvmType> parameters)
    {
        fixed (LlvmType* first = parameters)
        {
            return LlvmApi.LLVMFunctionType(result, first, (uint)parameters.Length, 0);
        }
    }

    public LlvmValue ConstantStruct(params ReadOnlySpan<LlvmValue> fields)
    {
        fixed (LlvmValue* first = fields)
        {
            return LlvmApi.LLVMConstStructInContext(this, first, (uint)fields.Length, 0);
        }
    }

    /// <summary>A constant array of i8.</summary>
    public LlvmValue ConstantBytes(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            return LlvmApi.LLVMConstStringInContext2(this, first, (nuint)bytes.Length, 1);
        }
    }

    public LlvmModule CreateModule(string name) => LlvmApi.LLVMModuleCreateWithNameInContext(name, this);

    public LlvmBuilder CreateBuilder() => new(this);

    /// <summary>Parses the text form of a module. The module is not verified yet.</summary>
    /// <exception cref="LlvmException">The text does not parse; the message gives line and column.</exception>
    public LlvmModule Parse(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        LlvmModule module;
        byte* message = null;
        fixed (byte* first = bytes)
        fixed (byte* name = "ir\0"u8)
        {
            // The parser takes the buffer over, whatever the outcome.
            nint buffer = LlvmApi.LLVMCreateMemoryBufferWithMemoryRangeCopy(first, (nuint)bytes.Length, name);
            return LlvmApi.LLVMParseIRInContext(this, buffer, &module, &message) == 0
                ? module
                : throw new LlvmException($"LLVM IR does not parse: {LlvmText.Take(message).Trim()}");
        }
    }

    /// <summary>A metadata string.</summary>
    public LlvmMetadata Text(string text) => LlvmApi.LLVMMDStringInContext2(this, text, LlvmText.Length(text));

    /// <summary>A metadata node, the same one for the same operands.</summary>
    public LlvmMetadata Node(params ReadOnlySpan<LlvmMetadata> operands)
    {
        fixed (LlvmMetadata* first = operands)
        {
            return LlvmApi.LLVMMDNodeInContext2(this, first, (nuint)operands.Length);
        }
    }

    public void Dispose() => LlvmApi.LLVMContextDispose(this);

    internal uint MetadataKind(string name) => LlvmApi.LLVMGetMDKindIDInContext(this, name, LlvmText.Length(name));
}
