namespace Unified.Ir;

/// <summary>The blocks inside of an instruction, whatever its kind.</summary>
public static class InstructionBlocks
{
    /// <summary>In the order in which they run first.</summary>
    public static IEnumerable<Block> Of(Instruction instruction) => InstructionForms.Of(instruction).Take(instruction).OfType<Block>();
}
