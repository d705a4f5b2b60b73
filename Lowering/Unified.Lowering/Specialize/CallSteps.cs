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
        var definition = frame.Session.Host.Resolve(frame.Definition, step.Callee, receiver)
            ?? throw frame.Fail(
                $"{key} is overridden in {receiver?.GetType().Name ?? "its class"} by a method that is no static graph; mark the override [StaticGraph]", eager: true);

        var parameters = definition.Function.Parameters;
        if (parameters.Length != arguments.Length)
        {
            throw frame.Fail($"{definition.Function.Key} takes {parameters.Length} arguments, not {arguments.Length} as {key} does: a type parameter there is a record here", eager: true);
        }

        var isInstance = FrameArguments.IsInstance(definition.Function);
        if (isInstance && receiver is null)
        {
            throw frame.Fail($"{key} is called on null");
        }

        var (called, temporaries) = Callee(frame, definition, isInstance ? receiver : null, arguments);

        // Nothing to compute: a host function, or one that hands an argument back.
        var results = called.Graph.Outputs.IsEmpty
            ? []
            : frame.Builder.Call(called.Graph, [.. called.Inputs.Select(k => temporaries.TryGetValue(k, out var value) ? value.Value : frame.Tensor(new PlaceValue(k)))]);

        foreach (var (place, output) in called.Assigned)
        {
            frame.Write(temporaries.TryGetValue(place, out var temporary) ? temporary.Source : new PlaceValue(place), results[output]);
        }

        var numbers = called.Rebound.Select(r => r.Value).Prepend(called.Result).SelectMany(Numbers).ToList();
        var once = numbers.Where(n => numbers.Count(m => m == n) == 1).ToHashSet();
        foreach (var rebound in called.Rebound)
        {
            var value = Receive(frame, rebound.Value, results, temporaries, once);
            frame.Rebind(rebound with { Key = new ReboundKey(frame.TypeOf(value)), Value = value, IsSet = IsSet(frame, rebound, results), Identity = Identity(rebound, temporaries) });
        }

        if (step.Result != Instruction.None)
        {
            frame[step.Result] = Receive(frame, called.Result, results, temporaries, once);
        }

        return called.Thrown is OutputValue number ? Throws.PassOn(frame, new ScalarValue(results[number.Output], "int"))
            : called.Thrown == Throws.None ? Flow.Next
            : Throws.PassOn(frame, called.Thrown);
    }

    /// <summary>The callee for these arguments, and the computed tensors among them.</summary>
    private static (CalledGraph Called, IReadOnlyDictionary<PlaceKey, Temporary> Temporaries) Callee(
        Frame frame, FunctionDefinition definition, object? self, ImmutableArray<Value> arguments)
    {
        var session = frame.Session;
        var signature = CallSignature.Of(frame, definition, self, arguments);
        if (signature is not null)
        {
            var (keys, computed) = FrameArguments.Keys(frame, arguments);
            if (session.Calls.Find(signature, keys, session.Sources) is { } known)
            {
                return (known, computed);
            }
        }

        var before = session.Sources.Encounters;
        var inner = new Frame(session, definition, self, frame);
        var temporaries = FrameArguments.Bind(frame, inner, arguments);
        var bound = Enumerable.Range(0, arguments.Length).Select(i => (inner.Local(i) as PlaceValue)?.Key).ToImmutableArray();
        Interpreter.Run(inner, definition.Function.Body);
        var called = FrameResults.OfCallee(inner);
        if (!called.Graph.Outputs.IsEmpty)
        {
            called = called with { Graph = session.Graphs.Share(called.Graph) };
        }

        if (signature is not null)
        {
            session.Calls.Add(signature, bound, called, session.Sources.EncounteredSince(before));
        }

        return (called, temporaries);
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

    private static PlaceKey? Identity(Rebound rebound, IReadOnlyDictionary<PlaceKey, Temporary> temporaries) =>
        rebound.Identity is { } key && temporaries.TryGetValue(key, out var temporary) ? (temporary.Source as PlaceValue)?.Key : rebound.Identity;

    private static object? Receiver(Value value) => value switch
    {
        HostValue host => host.Object,
        PlaceValue { Key: HandleKey key } => key.Handle,
        _ => null,
    };

    /// <summary>The outputs among what a callee hands back.</summary>
    private static IEnumerable<int> Numbers(Value value) => value switch
    {
        OutputValue { Type: null } output => [output.Output],
        AggregateValue list => list.Items.SelectMany(Numbers),
        _ => [],
    };

    /// <summary>What a callee hands back, in terms of the caller.</summary>
    /// <param name="once">The outputs that it hands back as one object alone.</param>
    private static Value Receive(
        Frame frame, Value value, ImmutableArray<OpValue> results, IReadOnlyDictionary<PlaceKey, Temporary> temporaries, HashSet<int> once) => value switch
    {
        OutputValue { Type: { } type } number => new ScalarValue(results[number.Output], type),
        OutputValue output => new TensorValue(results[output.Output]) { Home = once.Contains(output.Output) ? frame.Region : null },
        PlaceValue place when temporaries.TryGetValue(place.Key, out var temporary) => temporary.Source,
        PlaceValue { Key: ReboundKey key } when frame.ReboundFields.FirstOrDefault(r => r.Key == key) is { } own => own.Value,
        AggregateValue list => new AggregateValue([.. list.Items.Select(i => Receive(frame, i, results, temporaries, once))]) { IsShared = true },
        _ => value,
    };
}
