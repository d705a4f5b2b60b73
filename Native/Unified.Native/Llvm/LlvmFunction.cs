namespace Unified.Native;

/// <summary>A function of a module: a declaration until it has a block.</summary>
public readonly unsafe record struct LlvmFunction(nint Pointer)
{
    public LlvmModule Module => LlvmApi.LLVMGetGlobalParent(this);

    /// <summary>The function type (the value's own type is a pointer).</summary>
    public LlvmType Type => LlvmApi.LLVMGlobalGetValueType(this);

    public string Name => ((LlvmValue)this).Name;

    public int ParameterCount => (int)LlvmApi.LLVMCountParams(this);

    /// <summary>The first block.</summary>
    public LlvmBlock Entry => LlvmApi.LLVMGetEntryBasicBlock(this);

    public LlvmLinkage Linkage
    {
        get => LlvmApi.LLVMGetLinkage(this);
        set => LlvmApi.LLVMSetLinkage(this, value);
    }

    public LlvmCallingConvention CallingConvention
    {
        get => (LlvmCallingConvention)LlvmApi.LLVMGetFunctionCallConv(this);
        set => LlvmApi.LLVMSetFunctionCallConv(this, (uint)value);
    }

    public static implicit operator LlvmValue(LlvmFunction function) => new(function.Pointer);

    public LlvmValue Parameter(int index) => LlvmApi.LLVMGetParam(this, checked((uint)index));

    /// <summary>Adds a block at the end.</summary>
    public LlvmBlock AppendBlock(string name = "") => LlvmApi.LLVMAppendBasicBlockInContext(Module.Context, this, name);

    /// <summary>Adds an attribute of the function itself.</summary>
    public void AddAttribute(LlvmAttribute attribute) => LlvmApi.LLVMAddAttributeAtIndex(this, LlvmAttribute.FunctionIndex, attribute);

    /// <summary>Adds a flag of the function itself, such as "nounwind".</summary>
    public void AddAttribute(string name, ulong value = 0) => AddAttribute(LlvmAttribute.Create(Module.Context, name, value));

    /// <summary>Adds a target-dependent attribute: a pair of strings, not checked by LLVM.</summary>
    public void AddAttribute(string key, string value) => AddAttribute(LlvmAttribute.Create(Module.Context, key, value));

    /// <summary>Adds an attribute of one parameter, such as "noalias", "nonnull", "readonly" or ("align", 64).</summary>
    public void AddParameterAttribute(int parameter, string name, ulong value = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)parameter, (uint)ParameterCount, nameof(parameter));
        LlvmApi.LLVMAddAttributeAtIndex(this, LlvmAttribute.FirstParameterIndex + (uint)parameter, LlvmAttribute.Create(Module.Context, name, value));
    }

    /// <summary>Adds an attribute of the result.</summary>
    public void AddReturnAttribute(string name, ulong value = 0) =>
        LlvmApi.LLVMAddAttributeAtIndex(this, LlvmAttribute.ReturnIndex, LlvmAttribute.Create(Module.Context, name, value));

    /// <summary>Says which machine the function is compiled for; with AVX-512, that its vectors are to be 512 bits wide.</summary>
    /// <remarks>LLVM by itself prefers 256 bits on "x86-64-v4".</remarks>
    public void SetTarget(TargetCpu target)
    {
        AddAttribute("target-cpu", target.Name);
        if (target.Features.Count > 0)
        {
            AddAttribute("target-features", target.LlvmFeatures);
        }

        if (target.Has("avx512f"))
        {
            AddAttribute("prefer-vector-width", "512");
        }
    }

    public void Delete() => LlvmApi.LLVMDeleteFunction(this);

    public override string ToString() => ((LlvmValue)this).ToString();
}
