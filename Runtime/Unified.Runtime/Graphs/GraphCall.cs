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
    [ThreadStatic]
    private static bool s_isSought;

    /// <summary>
    /// The first static graph that <paramref name="call"/> calls, as in <c>GraphCall.Of(() =&gt; model.Forward(x))</c>. It does not run: the
    /// arguments are looked at, and nothing after them happens.
    /// </summary>
    /// <exception cref="InvalidOperationException">No static graph is called, or Unified.Lowering is not referenced.</exception>
    public static GraphCall Of(Action call)
    {
        ArgumentNullException.ThrowIfNull(call);
        s_isSought = true;
        try
        {
            using (Execution.Use(ExecutionMode.Graph))
            {
                if (!GraphRuntime.IsGraph)
                {
                    throw new InvalidOperationException("a static graph can be looked at where graphs can be compiled: reference Unified.Lowering, and call this outside of a gradient tape");
                }

                call();
            }
        }
        catch (FoundException found)
        {
            return found.Call;
        }
        finally
        {
            s_isSought = false;
        }

        throw new InvalidOperationException("no [StaticGraph] method was called");
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

    /// <summary>Ends the call when it is the one that is looked for.</summary>
    internal static void Meet(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments)
    {
        if (s_isSought)
        {
            s_isSought = false;
            throw new FoundException(new GraphCall(function, self, SignatureRule.Of(function.Function, arguments, [], ImmutableHashSet<string>.Empty)));
        }
    }

    // Leaves the method at once, so that nothing of it happens.
#pragma warning disable CA1064 // Nobody else sees it.
    private sealed class FoundException(GraphCall call) : Exception("the static graph was found")
    {
        public GraphCall Call { get; } = call;
    }
#pragma warning restore CA1064
}
