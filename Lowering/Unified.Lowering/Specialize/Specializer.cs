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
    /// <exception cref="SymbolicDimException">Host code needs the values of named dims.</exception>
    /// <exception cref="GraphCompileException">A shape rule is broken, or the function is not one graph for this instance and signature.</exception>
    public static SpecializedFunction Specialize(
        FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, ImmutableDictionary<ITensorHandle, TensorType>? known = null, bool isRecorded = false)
    {
        if (known is { IsEmpty: false } && TryGrowing(function, self, arguments, known, isRecorded) is { } general)
        {
            return general;
        }

        var (first, growing) = Rolled(function, self, arguments, ImmutableDictionary<ITensorHandle, TensorType>.Empty, isRecorded);
        return growing.IsEmpty ? first : TryGrowing(function, self, arguments, growing, isRecorded) ?? first;
    }

    /// <summary>One graph for every length; null where something in it depends on the very length.</summary>
    private static SpecializedFunction? TryGrowing(
        FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, ImmutableDictionary<ITensorHandle, TensorType> growing, bool isRecorded)
    {
        try
        {
            return Rolled(function, self, arguments, growing, isRecorded).Function;
        }
        catch (GraphCompileException)
        {
            return null;
        }
    }

    private static (SpecializedFunction Function, ImmutableDictionary<ITensorHandle, TensorType> Growing) Rolled(
        FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, ImmutableDictionary<ITensorHandle, TensorType> growing, bool isRecorded)
    {
        var session = Session(rolls: true);
        try
        {
            return Specialize(function, self, arguments, session);
        }
        catch (GraphCompileException) when (session.RolledLoops > 0)
        {
            // What follows a long loop may need a number as a host value that the loop has made one of the graph.
            return Specialize(function, self, arguments, Session(rolls: false));
        }

        Specialization Session(bool rolls) => new()
        {
            Growing = growing,
            RollsLoops = rolls,
            Host = new HostCalls(isRecorded ? new HostTraceRecorder(function, self, arguments, h => growing.TryGetValue(h, out var type) ? type : h.Type) : null),
        };
    }

    private static (SpecializedFunction Function, ImmutableDictionary<ITensorHandle, TensorType> Growing) Specialize(
        FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, Specialization session)
    {
        var frame = new Frame(session, function, self, caller: null);
        var name = session.Graphs.UniqueName(frame.Builder.Name);
        FrameArguments.BindRoot(frame, arguments);
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
}
