namespace Unified.Native;

/// <summary>A value that depends on the block from which control came.</summary>
public readonly unsafe record struct LlvmPhi(nint Pointer)
{
    public static implicit operator LlvmValue(LlvmPhi phi) => new(phi.Pointer);

    /// <summary>Adds the value for control that comes from <paramref name="block"/>. Each predecessor needs one.</summary>
    public void AddIncoming(LlvmValue value, LlvmBlock block) => LlvmApi.LLVMAddIncoming(this, &value, &block, 1);

    public override string ToString() => ((LlvmValue)this).ToString();
}
