using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A computed tensor that a caller passes on: how the caller holds it, and its graph value.</summary>
internal sealed record Temporary(Value Source, OpValue Value);

/// <summary>Binds arguments to the parameters of a frame. Tensors become inputs of its graph; host values are passed as they are.</summary>
internal static class FrameArguments
{
    public static bool IsInstance(Function function) => !function.Parameters.IsEmpty && function.Parameters[0].Name == "this";

    /// <summary>Binds what the root was specialized to. <paramref name="arguments"/> are without <c>this</c>.</summary>
    public static void BindRoot(Frame frame, ImmutableArray<ArgumentSpec> arguments)
    {
        var first = IsInstance(frame.Function) ? 1 : 0;
        if (frame.Function.Parameters.Length != arguments.Length + first)
        {
            throw frame.Fail($"{frame.Function.Key} takes {frame.Function.Parameters.Length - first} arguments, not {arguments.Length}; where it is called, a type parameter stands for a record", eager: true);
        }

        if (first == 1)
        {
            frame.SetLocal(0, frame.Session.Wrap(frame.Self, "this"));
        }

        for (var i = 0; i < arguments.Length; i++)
        {
            var parameter = frame.Function.Parameters[i + first];
            frame.SetLocal(i + first, arguments[i] switch
            {
                TensorSpec tensor => Input(frame, new ArgumentKey(i, -1), parameter, parameter.Name, tensor.Type),
                TensorListSpec list => new AggregateValue(
                    [.. list.Types.Select((t, n) => Input(frame, new ArgumentKey(i, n), null, $"{parameter.Name}_{n}", t))]) { IsShared = true },
                HostSpec host => frame.Session.Wrap(host.Value, parameter.Name),
                var other => throw frame.Fail($"an argument is specialized to {other.GetType().Name}"),
            });
        }
    }

    /// <summary>Binds a caller's values; gives the computed tensors among them by the keys they have in the callee.</summary>
    public static IReadOnlyDictionary<PlaceKey, Temporary> Bind(Frame caller, Frame callee, ImmutableArray<Value> arguments)
    {
        var temporaries = new Dictionary<PlaceKey, Temporary>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var parameter = callee.Function.Parameters[i];
            callee.SetLocal(i, Pass(arguments[i], parameter, parameter.Name));
        }

        return temporaries;

        Value Pass(Value value, FunctionParameter? parameter, string name)
        {
            switch (value)
            {
                case TensorValue tensor:
                    return Input(callee, KeyOf(caller, tensor, temporaries), parameter, name, tensor.Tensor.Type);
                case ScalarValue scalar:
                    var number = new TemporaryKey();
                    temporaries.Add(number, new Temporary(scalar, caller.Region.Import(scalar.Tensor)));
                    callee.AddArgument(number, ModuleGraphs.Identifier(name), scalar.Tensor.Type);
                    return new ScalarValue(callee.Place(number).Initial, scalar.Type);
                case PlaceValue place:
                    return Input(callee, place.Key, parameter, name, caller.TypeOf(place));
                case AggregateValue list:
                    return new AggregateValue([.. list.Items.Select((v, n) => Pass(v, null, $"{name}_{n}"))]) { IsShared = true };
                default:
                    return value;
            }
        }
    }

    /// <summary>The keys of the tensors among arguments that are neither lists nor numbers of the graph, as <see cref="Bind"/> would give them.</summary>
    public static (ImmutableArray<PlaceKey?> Keys, IReadOnlyDictionary<PlaceKey, Temporary> Temporaries) Keys(Frame caller, ImmutableArray<Value> arguments)
    {
        var temporaries = new Dictionary<PlaceKey, Temporary>();
        return ([.. arguments.Select(Key)], temporaries);

        PlaceKey? Key(Value value)
        {
            return value is TensorValue tensor ? KeyOf(caller, tensor, temporaries) : (value as PlaceValue)?.Key;
        }
    }

    /// <summary>One key for one tensor, however often it is passed: what is written to it by one name is seen by the others.</summary>
    private static PlaceKey KeyOf(Frame caller, TensorValue tensor, Dictionary<PlaceKey, Temporary> temporaries)
    {
        var key = temporaries.FirstOrDefault(t => ReferenceEquals(t.Value.Source, tensor)).Key;
        if (key is null)
        {
            temporaries.Add(key = new TemporaryKey(), new Temporary(tensor, caller.Tensor(tensor)));
        }

        return key;
    }

    private static PlaceValue Input(Frame frame, PlaceKey key, FunctionParameter? parameter, string name, TensorType type)
    {
        if (parameter?.Shape is { } declared)
        {
            DeclaredShapes.Check(frame, $"argument '{name}'", declared, type.Shape);
        }

        frame.AddArgument(key, ModuleGraphs.Identifier(name), type);
        return new PlaceValue(key);
    }
}
