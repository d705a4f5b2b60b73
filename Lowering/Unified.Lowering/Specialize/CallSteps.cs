using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Calls of static graphs: the callee becomes a sub-graph, shared with every call that gives the same one.</summary>
internal static class CallSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<CallInstruction>(Call)];

    private static Flow Call(Frame frame, CallInstruction step)
    {
        var key = frame.Function.Callees[step.Callee];
        var arguments = step.Arguments.Select(r => frame[r]).ToImmutableArray();
        var receiver = arguments.IsEmpty ? null : Receiver(arguments[0]);
        var definition = frame.Definition.Resolve(step.Callee, receiver)
            ?? throw frame.Fail(
                $"{key} is overridden in {receiver?.GetType().Name ?? "its class"} by a method that is no static graph; mark the override [StaticGraph]", eager: true);

        var parameters = definition.Function.Parameters;
        if (parameters.Length != arguments.Length)
        {
            throw frame.Fail($"{key} takes {parameters.Length} arguments, not {arguments.Length}");
        }

        var isInstance = FrameArguments.IsInstance(definition.Function);
        if (isInstance && receiver is null)
        {
            throw frame.Fail($"{key} is called on null");
        }

        var inner = new Frame(frame.Session, definition, isInstance ? receiver : null, frame);
        var temporaries = FrameArguments.Bind(frame, inner, arguments);
        Interpreter.Run(inner, definition.Function.Body);
        var called = FrameResults.OfCallee(inner);

        // Nothing to compute: a host function, or one that hands an argument back.
        var graph = called.Graph.Outputs.IsEmpty ? null : frame.Session.Graphs.Share(called.Graph);
        var results = graph is null
            ? []
            : frame.Builder.Call(graph, [.. called.Inputs.Select(k => temporaries.TryGetValue(k, out var value) ? value.Value : frame.Tensor(new PlaceValue(k)))]);

        foreach (var (place, output) in called.Assigned)
        {
            if (temporaries.ContainsKey(place) || frame.FindPlace(place) is not { } target)
            {
                throw frame.Fail($"{key} assigns to a tensor that was computed by its caller; only arguments of the outermost graph and tensors held by objects can be assigned to", eager: true);
            }

            target.Write(results[output]);
        }

        foreach (var rebound in called.Rebound)
        {
            var value = Receive(frame, rebound.Value, results, temporaries);
            frame.Rebind(rebound with { Key = new ReboundKey(frame.TypeOf(value)), Value = value, IsSet = IsSet(frame, rebound, results) });
        }

        if (step.Result != Instruction.None)
        {
            frame[step.Result] = Receive(frame, called.Result, results, temporaries);
        }

        return called.Thrown is OutputValue number ? Throws.PassOn(frame, new ScalarValue(results[number.Output], "int"))
            : called.Thrown == Throws.None ? Flow.Next
            : Throws.PassOn(frame, called.Thrown);
    }

    // A field that was set before the call is set whatever the callee does.
    private static Value IsSet(Frame frame, Rebound rebound, ImmutableArray<OpValue> results)
    {
        if (rebound.IsSet is not OutputValue output)
        {
            return rebound.IsSet;
        }

        var before = frame.ReboundFields.FirstOrDefault(r => r.Name.Equals(rebound.Name))?.IsSet ?? HostValue.False;
        return before == HostValue.True ? before
            : before is ScalarValue set ? new ScalarValue(frame.Builder.Apply(OpCode.LogicalOr, frame.Region.Import(set.Tensor), results[output.Output]), "bool")
            : new ScalarValue(results[output.Output], "bool");
    }

    private static object? Receiver(Value value) => value switch
    {
        HostValue host => host.Object,
        PlaceValue { Key: HandleKey key } => key.Handle,
        _ => null,
    };

    /// <summary>What a callee hands back, in terms of the caller.</summary>
    private static Value Receive(Frame frame, Value value, ImmutableArray<OpValue> results, IReadOnlyDictionary<PlaceKey, Temporary> temporaries) => value switch
    {
        OutputValue output => new TensorValue(
            results[output.Output], [.. output.ViewsOf.Select(frame.FindPlace).OfType<Place>().Select(p => new PlaceView(p, p.Version))]),
        PlaceValue place when temporaries.TryGetValue(place.Key, out var temporary) => temporary.Source,
        PlaceValue { Key: ReboundKey key } when frame.ReboundFields.FirstOrDefault(r => r.Key == key) is { } own => own.Value,
        AggregateValue list => new AggregateValue([.. list.Items.Select(i => Receive(frame, i, results, temporaries))]) { IsShared = true },
        _ => value,
    };
}
