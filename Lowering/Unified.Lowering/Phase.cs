namespace Unified.Lowering;

/// <summary>The way from a captured function to code, in order.</summary>
public enum Phase
{
    /// <summary>The function meets an instance and a signature: host values are evaluated, tensors become graphs.</summary>
    Specialize,

    /// <summary>Graphs are rewritten: gradients expanded, composite ops taken apart, what is known folded, what is unused dropped.</summary>
    Rewrite,

    /// <summary>Graphs become kernels and the order in which to launch them.</summary>
    Schedule,

    /// <summary>Kernels become machine code, or are found in the cache.</summary>
    Emit,
}
