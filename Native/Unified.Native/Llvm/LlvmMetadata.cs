namespace Unified.Native;

/// <summary>What a loop asks of the optimiser.</summary>
[Flags]
public enum LlvmLoopHints
{
    None = 0,
    NoUnroll = 1,
    NoVectorize = 2,
}

/// <summary>A metadata string, node or constant.</summary>
public readonly unsafe record struct LlvmMetadata(nint Pointer)
{
    /// <summary>A domain of alias scopes: one per inlined function or fused kernel.</summary>
    public static LlvmMetadata AliasDomain(LlvmContext context, string name) => Distinct(context, context.Text(name));

    /// <summary>
    /// A scope of memory accesses. Accesses with the node list of scopes under "alias.scope" do not alias those that list one of
    /// them under "noalias". Both kinds take a node of scopes (<see cref="LlvmContext.Node"/>).
    /// </summary>
    public static LlvmMetadata AliasScope(LlvmContext context, LlvmMetadata domain, string name) => Distinct(context, domain, context.Text(name));

    /// <summary>The node that "llvm.loop" takes; a new one for each loop.</summary>
    public static LlvmMetadata Loop(LlvmContext context, LlvmLoopHints hints)
    {
        List<LlvmMetadata> operands = [];
        if (hints.HasFlag(LlvmLoopHints.NoUnroll))
        {
            operands.Add(context.Node(context.Text("llvm.loop.unroll.disable")));
        }

        if (hints.HasFlag(LlvmLoopHints.NoVectorize))
        {
            operands.Add(context.Node(context.Text("llvm.loop.vectorize.enable"), context.I1.Zero.AsMetadata()));
        }

        return Distinct(context, [.. operands]);
    }

    /// <summary>A node that is equal only to itself, because its first operand is itself.</summary>
    public static LlvmMetadata Distinct(LlvmContext context, params ReadOnlySpan<LlvmMetadata> operands)
    {
        LlvmMetadata self = LlvmApi.LLVMTemporaryMDNode(context, null, 0);
        LlvmMetadata node = context.Node([self, .. operands]);
        LlvmApi.LLVMMetadataReplaceAllUsesWith(self, node);
        return node;
    }
}
