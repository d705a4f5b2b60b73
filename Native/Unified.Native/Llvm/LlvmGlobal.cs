namespace Unified.Native;

/// <summary>A global variable of a module.</summary>
public readonly unsafe record struct LlvmGlobal(nint Pointer)
{
    /// <summary>The type of what is stored (the value's own type is a pointer).</summary>
    public LlvmType Type => LlvmApi.LLVMGlobalGetValueType(this);

    public string Name => ((LlvmValue)this).Name;

    public LlvmLinkage Linkage
    {
        get => LlvmApi.LLVMGetLinkage(this);
        set => LlvmApi.LLVMSetLinkage(this, value);
    }

    /// <summary>The alignment in bytes.</summary>
    public int Alignment
    {
        get => (int)LlvmApi.LLVMGetAlignment(this);
        set => LlvmApi.LLVMSetAlignment(this, checked((uint)value));
    }

    public static implicit operator LlvmValue(LlvmGlobal global) => new(global.Pointer);

    public void SetInitializer(LlvmValue constant) => LlvmApi.LLVMSetInitializer(this, constant);

    /// <summary>Makes it read-only, and free to be merged with an equal one.</summary>
    public void SetConstant()
    {
        const int GlobalUnnamed = 2;
        LlvmApi.LLVMSetGlobalConstant(this, 1);
        LlvmApi.LLVMSetUnnamedAddress(this, GlobalUnnamed);
    }

    public void SetSection(string section) => LlvmApi.LLVMSetSection(this, section);

    public override string ToString() => ((LlvmValue)this).ToString();
}
