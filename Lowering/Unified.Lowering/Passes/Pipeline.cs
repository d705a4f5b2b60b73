using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>The passes of every target, in order.</summary>
public static class Pipeline
{
    public static ImmutableArray<IPass> Passes(PassContext context) =>
    [
        new EliminateDeadCode(),
        new InlineCalls(),
        DecomposeComposites.WithoutGradient,
        new Differentiate(),
        new PruneCallBoundaries(),

        // A block called once has one forward and one backward call: nothing to share.
        new InlineCalls(),
        new DecomposeComposites("decompose", context.HasKernel),
        new ExpandProducts(),
        new KeepChannelsLast(),
        new Simplify(),
        new FoldConstants(),
        new Simplify(),
        new EliminateCommonSubexpressions(),
        new LayHeads(),
        new PruneCallBoundaries(),
    ];

    public static GraphModule Run(GraphModule module, PassContext context)
    {
        foreach (var pass in Passes(context))
        {
            module = pass.Run(module);
            if (context.Verify)
            {
                Check(module, pass.Name);
            }

            context.After?.Invoke(pass.Name, module);
        }

        return module;
    }

    private static void Check(GraphModule module, string pass)
    {
        var problems = GraphVerifier.Verify(module);
        if (!problems.IsEmpty)
        {
            throw new InvalidOperationException($"after {pass} the module is not legal:\n  {string.Join("\n  ", problems)}");
        }
    }
}
