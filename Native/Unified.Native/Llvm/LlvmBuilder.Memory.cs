namespace Unified.Native;

/// <content>Memory and addresses. An alignment of 0 means the type's own.</content>
public sealed unsafe partial class LlvmBuilder
{
    /// <summary>Room on the stack; in the entry block, or each pass through it takes more.</summary>
    public LlvmValue Alloca(LlvmType type, int alignment = 0, string name = "") =>
        Aligned(LlvmApi.LLVMBuildAlloca(_builder, type, name), alignment);

    public LlvmValue Load(LlvmType type, LlvmValue pointer, int alignment = 0, string name = "") =>
        Aligned(LlvmApi.LLVMBuildLoad2(_builder, type, pointer, name), alignment);

    public LlvmValue Store(LlvmValue value, LlvmValue pointer, int alignment = 0) =>
        Aligned(LlvmApi.LLVMBuildStore(_builder, value, pointer), alignment);

    /// <summary>Loads the lanes whose mask is set, and takes the others from <paramref name="otherwise"/>.</summary>
    public LlvmValue MaskedLoad(LlvmType type, LlvmValue pointer, int alignment, LlvmValue mask, LlvmValue otherwise) =>
        CallIntrinsic("llvm.masked.load", [type, pointer.Type], pointer, Context.I32.Int(alignment), mask, otherwise);

    /// <summary>Stores the lanes whose mask is set.</summary>
    public LlvmValue MaskedStore(LlvmValue value, LlvmValue pointer, int alignment, LlvmValue mask) =>
        CallIntrinsic("llvm.masked.store", [value.Type, pointer.Type], value, pointer, Context.I32.Int(alignment), mask);

    /// <summary>The address of an element, which must lie inside the object that the pointer points into, or just behind it.</summary>
    /// <param name="type">The type that the first index steps by.</param>
    /// <param name="pointer">The base address.</param>
    /// <param name="indices">Steps of the type, then into its arrays and structs. Taken as signed.</param>
    public LlvmValue Gep(LlvmType type, LlvmValue pointer, params ReadOnlySpan<LlvmValue> indices)
    {
        fixed (LlvmValue* first = indices)
        {
            return LlvmApi.LLVMBuildInBoundsGEP2(_builder, type, pointer, first, (uint)indices.Length, string.Empty);
        }
    }

    /// <summary>The address of an element that may lie outside the object.</summary>
    public LlvmValue GepUnchecked(LlvmType type, LlvmValue pointer, params ReadOnlySpan<LlvmValue> indices)
    {
        fixed (LlvmValue* first = indices)
        {
            return LlvmApi.LLVMBuildGEP2(_builder, type, pointer, first, (uint)indices.Length, string.Empty);
        }
    }

    /// <summary>The address so many bytes on.</summary>
    public LlvmValue Offset(LlvmValue pointer, long bytes) => bytes == 0 ? pointer : Gep(Context.I8, pointer, Context.I64.Int(bytes));

    /// <summary>The address of a field of a struct.</summary>
    public LlvmValue FieldAddress(LlvmType type, LlvmValue pointer, int field, string name = "") =>
        LlvmApi.LLVMBuildStructGEP2(_builder, type, pointer, checked((uint)field), name);

    public LlvmValue MemCpy(LlvmValue target, int targetAlignment, LlvmValue source, int sourceAlignment, LlvmValue bytes) =>
        LlvmApi.LLVMBuildMemCpy(_builder, target, checked((uint)targetAlignment), source, checked((uint)sourceAlignment), bytes);

    public LlvmValue MemMove(LlvmValue target, int targetAlignment, LlvmValue source, int sourceAlignment, LlvmValue bytes) =>
        LlvmApi.LLVMBuildMemMove(_builder, target, checked((uint)targetAlignment), source, checked((uint)sourceAlignment), bytes);

    /// <summary>Sets bytes; the value is an i8.</summary>
    public LlvmValue MemSet(LlvmValue target, int alignment, LlvmValue value, LlvmValue bytes) =>
        LlvmApi.LLVMBuildMemSet(_builder, target, value, bytes, checked((uint)alignment));

    /// <summary>Asks for a cache line ahead of time.</summary>
    /// <param name="pointer">Any address in the line.</param>
    /// <param name="write">Whether it will be written.</param>
    /// <param name="locality">From 0 (used once) to 3 (keep in all caches).</param>
    public LlvmValue Prefetch(LlvmValue pointer, bool write, int locality = 3)
    {
        LlvmType i32 = Context.I32;
        const int DataCache = 1;
        return CallIntrinsic("llvm.prefetch", [pointer.Type], pointer, i32.Int(write ? 1 : 0), i32.Int(locality), i32.Int(DataCache));
    }

    private static LlvmValue Aligned(LlvmValue access, int alignment)
    {
        if (alignment != 0)
        {
            access.Alignment = alignment;
        }

        return access;
    }
}
