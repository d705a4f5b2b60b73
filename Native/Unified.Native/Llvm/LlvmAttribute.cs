namespace Unified.Native;

/// <summary>A promise about a function, parameter or result.</summary>
public readonly record struct LlvmAttribute(nint Pointer)
{
    internal const uint ReturnIndex = 0;
    internal const uint FirstParameterIndex = 1;
    internal const uint FunctionIndex = uint.MaxValue;

    /// <summary>An attribute that LLVM knows, such as "nounwind", "noalias", "nonnull" or ("align", 64).</summary>
    /// <exception cref="LlvmException">LLVM has no attribute of that name.</exception>
    public static LlvmAttribute Create(LlvmContext context, string name, ulong value = 0) =>
        LlvmApi.LLVMCreateEnumAttribute(context, Kind(name), value);

    /// <summary>An attribute that carries a type, such as "byval".</summary>
    /// <exception cref="LlvmException">LLVM has no attribute of that name.</exception>
    public static LlvmAttribute Create(LlvmContext context, string name, LlvmType type) =>
        LlvmApi.LLVMCreateTypeAttribute(context, Kind(name), type);

    /// <summary>A pair of strings for the target, such as ("prefer-vector-width", "512"). LLVM ignores keys that it does not know.</summary>
    public static LlvmAttribute Create(LlvmContext context, string key, string value) =>
        LlvmApi.LLVMCreateStringAttribute(context, key, LlvmText.Length(key), value, LlvmText.Length(value));

    private static uint Kind(string name)
    {
        uint kind = LlvmApi.LLVMGetEnumAttributeKindForName(name, LlvmText.Length(name));
        return kind != 0 ? kind : throw new LlvmException($"LLVM has no attribute '{name}'");
    }
}
