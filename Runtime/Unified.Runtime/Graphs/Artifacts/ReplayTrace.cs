using System.Collections;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Turns a trace and a receiver into the objects of the trace: asks the host again what specialization asked, and gives up at the first answer
/// that is another one.
/// </summary>
internal sealed class ReplayTrace
{
    private readonly HostTrace _trace;
    private readonly FunctionDefinition?[] _definitions;
    private readonly object?[] _objects;
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);

    private ReplayTrace(HostTrace trace)
    {
        _trace = trace;
        _definitions = new FunctionDefinition?[trace.Definitions.Length];
        _objects = new object?[trace.Objects.Length];
    }

    /// <summary>Why the answers differ, once they do.</summary>
    public string? Difference { get; private set; }

    /// <summary>The objects; null where an answer differs. Then <paramref name="why"/> says which.</summary>
    /// <param name="arguments">The arguments without <c>this</c>, as specialization sees them; tensors and lists of them are not looked at.</param>
    public static ReplayTrace? Run(
        HostTrace trace, FunctionDefinition root, object? self, IReadOnlyList<ArgumentSpec> signature, IReadOnlyList<object?> arguments, out string why)
    {
        var replay = new ReplayTrace(trace);
        var agrees = replay.Start(root, self, signature, arguments) && trace.Steps.All(replay.Holds);
        why = replay.Difference ?? "";
        return agrees ? replay : null;
    }

    public object? Value(HostOperand operand) => operand is HostObject o ? _objects[o.Number] : ((HostLiteral)operand).Value;

    public ITensorHandle Tensor(int number) =>
        _objects[number] as ITensorHandle ?? throw new InvalidDataException($"{_trace.Definitions[0].Key}: object {number} of the trace is no tensor");

    public FunctionDefinition Definition(int number) =>
        _definitions[number] ?? throw new InvalidDataException($"{_trace.Definitions[0].Key}: function {number} of the trace is used and never met");

    public ImmutableArray<object?> Values(ImmutableArray<HostOperand> operands) => [.. operands.Select(Value)];

    private bool Start(FunctionDefinition root, object? self, IReadOnlyList<ArgumentSpec> signature, IReadOnlyList<object?> arguments)
    {
        if (!Meet(0, root) || !Is(_trace.Self, self, () => "the receiver"))
        {
            return false;
        }

        for (var i = 0; i < signature.Count; i++)
        {
            var number = i;
            if (signature[i] is RecordedHostSpec host && !Is(host.Value, arguments[i], () => $"argument {number}"))
            {
                return false;
            }
        }

        return true;
    }

    private bool Holds(HostStep step) => step switch
    {
        InvokeStep invoke => Invoke(invoke),
        ResolveStep resolve => Resolve(resolve),
        ItemsStep items => Enumerate(items),
        ItemStep item => Ask(() => HostCollections.Item(Known(item.Object), Value(item.Key)!), item.Result, () => "an item of a collection"),
        CountStep count => (_objects[count.Object] as ICollection)?.Count == count.Count || Differs($"a collection has other than {count.Count} items"),
        ArrayStep array => Is(new HostObject(array.Result), HostCollections.ArrayOf(Values(array.Items)), () => "an array of arguments"),
        EqualStep equal => Equals(Value(equal.Left), Value(equal.Right)) == equal.Result || Differs("two values are equal in one place only"),
        _ => Differs($"a step of kind {step.GetType().Name}"),
    };

    private bool Invoke(InvokeStep step)
    {
        var definition = Definition(step.Thunk.Definition);
        return Ask(
            () => definition.Invoke(step.Thunk.Thunk, Value(step.Thunk.Self), [.. Values(step.Thunk.Arguments)]), step.Result,
            () => $"'{NameOf(definition, step.Thunk.Thunk)}' of {definition.Key}");
    }

    private bool Ask(Func<object?> host, HostOperand expected, Func<string> what)
    {
        object? result;
        try
        {
            result = host();
        }
#pragma warning disable CA1031 // Whatever it throws, it did not when the graph was made.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Differs($"{what()} throws: {e.Message}");
        }
#pragma warning restore CA1031
        return Is(expected, result, what);
    }

    private object Known(int number) => _objects[number] ?? throw new InvalidDataException($"{_trace.Definitions[0].Key}: object {number} is used before it is met");

    private bool Resolve(ResolveStep step)
    {
        var callee = Definition(step.Definition).Resolve(step.Callee, Value(step.Receiver));
        return callee is null ? Differs($"{_trace.Definitions[step.Result].Key} is no static graph here") : Meet(step.Result, callee);
    }

    private bool Enumerate(ItemsStep step)
    {
        if (HostCollections.Items(Known(step.Object)) is not { } items || items.Length != step.Items.Length)
        {
            return Differs($"a collection has other than {step.Items.Length} items");
        }

        for (var i = 0; i < items.Length; i++)
        {
            var number = i;
            if (!Is(step.Items[i], items[i], () => $"item {number} of a collection"))
            {
                return false;
            }
        }

        return true;
    }

    private bool Meet(int number, FunctionDefinition definition)
    {
        var expected = _trace.Definitions[number];
        if (_definitions[number] is { } known)
        {
            return ReferenceEquals(known, definition) || Differs($"{expected.Key} means two methods");
        }

        _definitions[number] = definition;
        return definition.Key != expected.Key ? Differs($"{definition.Key} is called where it was {expected.Key}")
            : definition.Hash == expected.Hash || Differs($"{expected.Key} has changed since; build again");
    }

    private bool Is(HostOperand expected, object? actual, Func<string> what)
    {
        if (expected is HostLiteral literal)
        {
            return Equals(literal.Value, actual) || Differs($"{what()} is {actual ?? "null"} and was {literal.Value ?? "null"}");
        }

        var number = ((HostObject)expected).Number;
        if (_objects[number] is { } known)
        {
            return ReferenceEquals(known, actual) || Differs($"{what()} is another object than the one it was");
        }

        if (actual is null || HostOperand.IsLiteral(actual) || !_numbers.TryAdd(actual, number))
        {
            return Differs($"{what()} is {(actual is null || HostOperand.IsLiteral(actual) ? actual ?? "null" : "an object met before")}, and was an object of its own");
        }

        _objects[number] = actual;
        var (type, text) = _trace.Objects[number];
        var facts = HostObjectFacts.Of(actual, t => t.Type);
        return facts.Text != text ? Differs($"{what()} is {facts.Text} and was {text}")
            : Fits(type, facts.Type) || Differs($"{what()} is {(object?)facts.Type ?? "no tensor"} and was {(object?)type ?? "no tensor"}");
    }

    /// <summary>The type is the one asked for; a size that is not a constant there may be any.</summary>
    public static bool Fits(TensorType? pattern, TensorType? actual) =>
        pattern is null || actual is null
            ? pattern is null && actual is null
            : pattern.DType == actual.DType && pattern.Rank == actual.Rank && pattern.Shape.Zip(actual.Shape, (p, a) => !p.IsConstant || p == a).All(fits => fits);

    private bool Differs(string why)
    {
        Difference = why;
        return false;
    }

    private static string NameOf(FunctionDefinition definition, int thunk) =>
        (uint)thunk < (uint)definition.Function.Thunks.Length ? definition.Function.Thunks[thunk].Name : $"host expression {thunk}";
}
