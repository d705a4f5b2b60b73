using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A callee as its caller sees it: the graph, the tensors it takes, and what its outputs mean.</summary>
/// <param name="Assigned">Places written to, and the outputs with their new values.</param>
internal sealed record CalledGraph(
    Graph Graph, ImmutableArray<PlaceKey> Inputs, Value Result, ImmutableArray<(PlaceKey Place, int Output)> Assigned, ImmutableArray<Rebound> Rebound)
{
    /// <summary>The number of the exception that it leaves with; an output where that depends on a tensor.</summary>
    public required Value Thrown { get; init; }
}

/// <summary>Turns a frame that has run into a graph with outputs: results, then assignments, then fields set.</summary>
internal static class FrameResults
{
    /// <summary>Tensors with an identity are handed back by their key, not as outputs.</summary>
    public static CalledGraph OfCallee(Frame frame)
    {
        var outputs = 0;
        var numbers = new Dictionary<OpValue, int>(ReferenceEqualityComparer.Instance);
        CheckResult(frame);
        var result = Template(frame.Returned, OutputKind.Result);
        var assigned = frame.Places.Where(p => p.IsWritten).Select(p => (p.Key, Output(p.Current, OutputKind.Assign, p.Input))).ToImmutableArray();
        var rebound = frame.ReboundFields.Select(r => r with { Value = Template(r.Value, OutputKind.Rebind), IsSet = Number(r.IsSet) }).ToImmutableArray();
        var thrown = Number(frame[Exit.Thrown]);
        return new CalledGraph(Graph(frame), [.. frame.Places.Select(p => p.Key)], result, assigned, rebound) { Thrown = thrown };

        Value Number(Value value) => value is ScalarValue scalar ? new OutputValue(Output(frame.Region.Import(scalar.Tensor), OutputKind.Result, -1)) : value;

        Value Template(Value value, OutputKind kind)
        {
            switch (value)
            {
                case TensorValue tensor:
                    var graphValue = frame.Tensor(tensor);
                    if (!numbers.TryGetValue(graphValue, out var number))
                    {
                        numbers.Add(graphValue, number = Output(graphValue, kind, -1));
                    }

                    return new OutputValue(number);
                case PlaceValue { Key: ReboundKey key } when frame.ReboundFields.FirstOrDefault(r => r.Key == key) is { } own:
                    return Template(own.Value, kind);
                case AggregateValue list:
                    return new AggregateValue([.. list.Items.Select(i => Template(i, kind))]);
                case ScalarValue scalar when kind == OutputKind.Result:
                    return new OutputValue(Output(frame.Region.Import(Exact(frame, scalar).Tensor), kind, -1), scalar.Type);
                case ScalarValue or TornValue:
                    throw frame.Fail($"the result has {value.Describe()} in it; a graph gives back tensors only", eager: true);
                default:
                    return value;
            }
        }

        int Output(OpValue value, OutputKind kind, int input)
        {
            frame.Builder.Output(value, kind, input);
            return outputs++;
        }
    }

    /// <summary>The root's graph and the bindings of its outputs.</summary>
    public static (Graph Graph, ImmutableArray<OutputBinding> Outputs, int ResultPositions) OfRoot(Frame frame)
    {
        var bindings = ImmutableArray.CreateBuilder<OutputBinding>();
        var objects = new Dictionary<TensorValue, int>();
        var positions = 0;
        if (!frame.Function.HandedBack.IsEmpty && frame[Exit.Thrown] != Throws.None)
        {
            throw frame.Fail("an exception is thrown by a method with ref or out parameters; what the caller finds in them then, only eager code knows", eager: !IsThrown(frame));
        }

        CheckResult(frame);
        if (frame.Function.Result.Kind != ValueKind.Void && !IsThrown(frame))
        {
            Leaves(frame.Returned);
        }

        foreach (var place in frame.Places.Where(p => p.IsWritten))
        {
            Output(place.Current, OutputKind.Assign, new AssignBinding(place.Input), place.Input);
        }

        foreach (var rebound in frame.ReboundFields)
        {
            var (setter, flag) = (rebound.Setter, -1);
            if (rebound.IsSet is ScalarValue isSet)
            {
                flag = bindings.Count;
                Output(frame.Region.Import(isSet.Tensor), OutputKind.Result, new FlagBinding());
            }

            Hand(rebound.Value, OutputKind.Rebind, new RebindBinding(setter.Definition, setter.Thunk, setter.Self, setter.Arguments) { Flag = flag, Input = InputOf(rebound.Identity) });
        }

        if (frame[Exit.Thrown] != Throws.None)
        {
            var number = Leaf.Of(frame[Exit.Thrown], frame.Save())!.In(frame.Region);
            Output(number, OutputKind.Result, new ThrowBinding(
                [.. frame.Session.Exceptions.Select(e => new ThrownException(e.Definition, e.Thunk, e.Self, e.Arguments))]));
        }

        return (Graph(frame), bindings.ToImmutable(), positions);

        void Leaves(Value value)
        {
            if (frame.TryItems(value) is { } items)
            {
                foreach (var item in items)
                {
                    Leaves(item);
                }
            }
            else if (value is TensorValue or PlaceValue)
            {
                Hand(value, OutputKind.Result, new ResultBinding(positions++));
            }
            else if (Leaf.ScalarType(value) is not null && Leaf.Of(value, frame.Save()) is { } number)
            {
                _ = value is ScalarValue scalar ? Exact(frame, scalar) : null;
                Output(number.In(frame.Region), OutputKind.Result, new ResultBinding(positions++));
            }
            else
            {
                throw frame.Fail($"the result has {value.Describe()} in it; a graph gives back tensors and numbers only", eager: true);
            }
        }

        int InputOf(PlaceKey? identity) => identity is null ? -1 : frame.Place(identity).Input;

        // Eager code hands out the object itself: what is written to it later is seen by all who hold it.
        void Hand(Value value, OutputKind kind, HandedBinding binding)
        {
            while (value is PlaceValue { Key: ReboundKey key } && frame.ReboundFields.FirstOrDefault(r => r.Key == key) is { } own)
            {
                value = own.Value;
            }

            if (value is PlaceValue place)
            {
                binding = binding with { Input = frame.Place(place.Key).Input };
            }
            else if (value is TensorValue tensor && binding is not RebindBinding { Flag: >= 0 } && !objects.TryAdd(tensor, bindings.Count))
            {
                binding = binding with { Twin = objects[tensor] };
            }

            Output(frame.Tensor(value), kind, binding);
        }

        void Output(OpValue value, OutputKind kind, OutputBinding binding, int input = -1)
        {
            frame.Builder.Output(value, kind, input);
            bindings.Add(binding);
        }
    }

    /// <summary>An argument that is written to is state of the graph, whoever hands it in.</summary>
    private static Graph Graph(Frame frame)
    {
        var graph = frame.Builder.Build();
        return graph with
        {
            Inputs = [.. graph.Inputs.Select((input, i) => frame.Places[i].IsWritten ? input with { Kind = InputKind.State } : input)],
        };
    }

    // On all paths: there is no result.
    private static bool IsThrown(Frame frame) => frame[Exit.Thrown] is HostValue && frame[Exit.Thrown] != Throws.None;

    private static void CheckResult(Frame frame)
    {
        var back = frame.Function.HandedBack;
        if (IsThrown(frame))
        {
            return;
        }

        var given = back.IsEmpty ? [frame.Returned] : frame.Items(frame.Returned, "what is handed back").ToImmutableArray();
        if (given.Length > back.Length)
        {
            Check("the result", frame.Function.ResultShape, given[0]);
        }

        foreach (var (variable, value) in back.Zip(given[^back.Length..]))
        {
            Check($"'{variable.Name}'", variable.Shape, value);
        }

        void Check(string who, Shape? declared, Value value)
        {
            if (declared is not null && value is TensorValue or PlaceValue)
            {
                DeclaredShapes.Check(frame, who, declared, frame.TypeOf(value).Shape);
            }
        }
    }

    // Eager code computes such a number with the host's functions, which may differ in the last place.
    private static ScalarValue Exact(Frame frame, ScalarValue number) => number is { IsOfHost: true, Type: "float" or "double" }
        ? throw frame.Fail("the result is a fraction that a long loop computes on the host; compute it with tensors", eager: true)
        : number;
}
