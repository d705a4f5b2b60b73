using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Turns a Function plus an instance and a signature into a GraphModule with bindings.</summary>
public static class Specializer
{
    /// <summary>
    /// Runs the host part of the function on <paramref name="self"/> and turns the tensor part into one graph, its calls into
    /// sub-graphs. Arguments are without <c>this</c>.
    /// </summary>
    /// <param name="known">Tensors of fields that change their sizes, with named dims.</param>
    /// <param name="isRecorded">What is asked of the host is kept.</param>
    /// <param name="precision">The policy of mixed precision that the function is called under; null: none.</param>
    /// <param name="rolls">Long loops, and those over sizes not known, may become loops of the graph.</param>
    /// <exception cref="SymbolicDimException">Host code needs the values of named dims.</exception>
    /// <exception cref="GraphCompileException">A shape rule is broken, or the function is not one graph for this instance and signature.</exception>
    public static SpecializedFunction Specialize(
        FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, ImmutableDictionary<ITensorHandle, TensorType>? known = null, bool isRecorded = false,
        PrecisionPolicy? precision = null, bool rolls = true)
    {
        var call = new SpecializedCall(function, self, arguments, isRecorded, precision ?? PrecisionPolicy.None, rolls);
        if (known is { IsEmpty: false } && TryGrowing(call, known) is { } general)
        {
            return general;
        }

        var (first, growing) = Rolled(call, ImmutableDictionary<ITensorHandle, TensorType>.Empty);
        return growing.IsEmpty ? first : TryGrowing(call, growing) ?? first;
    }

    /// <summary>One graph for every length; null where something in it depends on the very length.</summary>
    private static SpecializedFunction? TryGrowing(SpecializedCall call, ImmutableDictionary<ITensorHandle, TensorType> growing)
    {
        try
        {
            return Rolled(call, growing).Function;
        }
        catch (GraphCompileException)
        {
            return null;
        }
    }

    private static (SpecializedFunction Function, ImmutableDictionary<ITensorHandle, TensorType> Growing) Rolled(
        SpecializedCall call, ImmutableDictionary<ITensorHandle, TensorType> growing)
    {
        var session = Session(call.Rolls);
        try
        {
            return Specialize(call, session);
        }
        catch (GraphCompileException) when (session.RolledLoops > 0)
        {
            // What follows a long loop may need a number as a host value that the loop has made one of the graph.
            return Specialize(call, Session(rolls: false));
        }

        Specialization Session(bool rolls) => new()
        {
            Growing = growing,
            RollsLoops = rolls,
            Precision = call.Precision,
            Ambient = call.Precision,
            Host = new HostCalls(
                call.IsRecorded ? new HostTraceRecorder(call.Function, call.Self, call.Arguments, h => growing.TryGetValue(h, out var type) ? type : h.Type) : null),
        };
    }

    private static (SpecializedFunction Function, ImmutableDictionary<ITensorHandle, TensorType> Growing) Specialize(SpecializedCall call, Specialization session)
    {
        var frame = new Frame(session, call.Function, call.Self, caller: null);
        var name = session.Graphs.UniqueName(frame.Builder.Name);
        FrameArguments.BindRoot(frame, call.Arguments);
        Interpreter.Run(frame, frame.Function.Body);
        var (graph, outputs, positions) = FrameResults.OfRoot(frame);
        var specialized = new SpecializedFunction(
            new GraphModule([graph with { Name = name }, .. session.Graphs.All]),
            [.. frame.Places.Select(p => Binding(session, p.Key))],
            outputs,
            positions,
            session.Guards())
        {
            Requirements = session.Requirements,
            HostCalls = HostCallSteps.Finish(frame),
            HasTry = session.HasTry,
            HasSequenceLoops = session.HasSequenceLoops,
            Recorder = session.Host.Recorder,
        };
        return (specialized, GrowingState.Find(frame));
    }

    private static InputBinding Binding(Specialization session, PlaceKey key) => key switch
    {
        ArgumentKey argument => argument.Binding,
        HandleKey handle => session.Sources.BindingOf(handle.Handle),
        _ => throw new InvalidOperationException("the root graph has an input that no one feeds"),
    };

    /// <summary>What is specialized.</summary>
    private sealed record SpecializedCall(
        FunctionDefinition Function, object? Self, ImmutableArray<ArgumentSpec> Arguments, bool IsRecorded, PrecisionPolicy Precision, bool Rolls);
}
