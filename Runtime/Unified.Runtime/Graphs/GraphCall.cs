using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;

namespace Unified;

/// <summary>What a call of a static graph is compiled from: for tools that want its graph, such as an ONNX export.</summary>
/// <param name="Function">The captured method.</param>
/// <param name="Self">The object it is called on; null for a static method.</param>
/// <param name="Arguments">The signature. A dim is named where the parameter's <c>[Shape]</c> says so.</param>
public sealed record GraphCall(FunctionDefinition Function, object? Self, ImmutableArray<ArgumentSpec> Arguments)
{
    /// <summary>The policy of mixed precision that it is called under.</summary>
    public PrecisionPolicy Precision { get; init; } = PrecisionPolicy.None;

    /// <summary>
    /// The first static graph that <paramref name="call"/> calls, as in <c>GraphCall.Of(() =&gt; model.Forward(x))</c>. It does not run: the
    /// arguments are looked at, and nothing after them happens.
    /// </summary>
    /// <exception cref="InvalidOperationException">No static graph is called, or Unified.Lowering is not referenced.</exception>
    public static GraphCall Of(Action call)
    {
        ArgumentNullException.ThrowIfNull(call);
        using (Execution.Use(ExecutionMode.Graph))
        {
            if (!GraphRuntime.IsGraph)
            {
                throw new InvalidOperationException("a static graph can be looked at where graphs can be compiled: reference Unified.Lowering, and call this outside of a gradient tape");
            }
        }

        GraphCall? found = null;
        Preparation.Of(call, p => found = new GraphCall(p.Function, p.Self, SignatureRule.Of(p.Function.Function, p.Arguments, [], ImmutableHashSet<string>.Empty))
        {
            Precision = p.Precision,
        });
        return found!;
    }

    /// <summary>The elements of a tensor, dense and little-endian: what an export stores of parameters.</summary>
    public static byte[] BytesOf(ITensorHandle tensor)
    {
        var data = (Tensor)tensor;
        if (data.IsDense)
        {
            return data.AsBytes().ToArray();
        }

        using var dense = data.Contiguous();
        return dense.AsBytes().ToArray();
    }
}
