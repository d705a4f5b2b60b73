using Unified.Graphs;
using Unified.Ir;

namespace Unified;

/// <summary>
/// A static method that names the graphs to compile when the app is built: <c>[AheadOfTime] public static void Graphs(GraphSet graphs)</c>. The
/// build runs it, out of process, after the C# compiler.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AheadOfTimeAttribute : Attribute;

/// <summary>
/// The graphs that an app ships compiled. A graph is made for the model at hand, so build the model as the app does (weights need not be loaded),
/// and for a signature: sizes that <c>[Shape]</c> names, and sizes that differ between two calls, serve any size.
/// </summary>
public sealed class GraphSet
{
    internal GraphSet()
    {
    }

    /// <summary>
    /// The first static graph that <paramref name="call"/> calls, as in <c>graphs.Add(() =&gt; model.Forward(x))</c>. It is compiled and does not
    /// run; nothing after it happens.
    /// </summary>
    /// <exception cref="Ir.GraphCompileException">A rule is broken; the message names the C# expression.</exception>
    /// <exception cref="InvalidOperationException">No static graph is called.</exception>
    public GraphSet Add(Action call)
    {
        ArgumentNullException.ThrowIfNull(call);
        Preparation.Add(call);
        return this;
    }

    /// <summary>
    /// As <see cref="Add(Action)"/>, under a policy of mixed precision: the graph serves calls of the app under the same policy. The scope
    /// <see cref="MixedPrecision.Use(PrecisionPolicy)"/> around it says the same.
    /// </summary>
    public GraphSet Add(Action call, PrecisionPolicy precision)
    {
        using (MixedPrecision.Use(precision))
        {
            return Add(call);
        }
    }

    /// <summary>All graphs that <paramref name="calls"/> calls, which runs: for state that grows, such as a cache of keys and values.</summary>
    /// <exception cref="Ir.GraphCompileException">A rule is broken; the message names the C# expression.</exception>
    public GraphSet Run(Action calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        using (Execution.Use(ExecutionMode.Graph))
        {
            calls();
        }

        return this;
    }
}
