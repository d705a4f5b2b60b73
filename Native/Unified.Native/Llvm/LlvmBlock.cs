namespace Unified.Native;

/// <summary>A basic block: instructions that run in order, the last of which is the terminator.</summary>
public readonly unsafe record struct LlvmBlock(nint Pointer)
{
    public LlvmFunction Function => new(LlvmApi.LLVMGetBasicBlockParent(this).Pointer);

    public string Name => LlvmApi.LLVMBasicBlockAsValue(this).Name;

    /// <summary>The instruction that leaves the block, or null while it has none.</summary>
    public LlvmValue? Terminator
    {
        get
        {
            LlvmValue found = LlvmApi.LLVMGetBasicBlockTerminator(this);
            return found.IsNull ? null : found;
        }
    }

    public IReadOnlyList<LlvmValue> Instructions
    {
        get
        {
            List<LlvmValue> instructions = [];
            for (LlvmValue i = LlvmApi.LLVMGetFirstInstruction(this); !i.IsNull; i = LlvmApi.LLVMGetNextInstruction(i))
            {
                instructions.Add(i);
            }

            return instructions;
        }
    }

    /// <summary>Moves the block behind another of its function. Changes the order of the code, not what it does.</summary>
    public void MoveAfter(LlvmBlock other) => LlvmApi.LLVMMoveBasicBlockAfter(this, other);

    public override string ToString() => LlvmApi.LLVMBasicBlockAsValue(this).ToString();
}
