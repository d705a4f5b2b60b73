using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Turns what specialization asked the host, and what it was answered, into a trace; and objects into their numbers in it.</summary>
internal sealed class HostTraceRecorder
{
    private readonly Func<ITensorHandle, TensorType> _typeOf;
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<HostObjectFacts>.Builder _objects = ImmutableArray.CreateBuilder<HostObjectFacts>();
    private readonly Dictionary<FunctionDefinition, int> _definitions = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<TracedDefinition>.Builder _traced = ImmutableArray.CreateBuilder<TracedDefinition>();
    private readonly ImmutableArray<HostStep>.Builder _steps = ImmutableArray.CreateBuilder<HostStep>();
    private readonly HashSet<HostStep> _known = [];
    private readonly HostOperand _self;
    private string? _fault;

    /// <param name="typeOf">The type of a tensor, with named dims where its size changes.</param>
    public HostTraceRecorder(FunctionDefinition root, object? self, ImmutableArray<ArgumentSpec> arguments, Func<ITensorHandle, TensorType> typeOf)
    {
        _typeOf = typeOf;
        Define(root);
        _self = Meet(self);
        Arguments = [.. arguments.Select(a => a is HostSpec host ? new RecordedHostSpec(Meet(host.Value)) : a)];
    }

    /// <summary>The signature, its objects as numbers.</summary>
    public ImmutableArray<ArgumentSpec> Arguments { get; }

    /// <exception cref="GraphCompileException">A value came from nowhere that can be found again.</exception>
    public HostTrace Trace => _fault is null
        ? new HostTrace(_traced.ToImmutable(), _self, _objects.ToImmutable(), _steps.ToImmutable())
        : throw new GraphCompileException($"{_traced[0].Key} cannot be compiled ahead of time: {_fault}", null);

    public void Invoked(FunctionDefinition definition, int thunk, object? self, ImmutableArray<object?> arguments, object? result) =>
        Add(new InvokeStep(Thunk(definition, thunk, self, arguments), Meet(result)));

    public void Resolved(FunctionDefinition definition, int callee, object? receiver, FunctionDefinition result) =>
        Add(new ResolveStep(_definitions[definition], callee, Operand(receiver), Define(result)));

    public void Enumerated(object collection, ImmutableArray<object?> items) =>
        Add(new ItemsStep(NumberOf(collection), [.. items.Select(Meet)]));

    public void Indexed(object collection, object key, object? result) => Add(new ItemStep(NumberOf(collection), Operand(key), Meet(result)));

    public void Counted(object collection, int count) => Add(new CountStep(NumberOf(collection), count));

    public void Made(Array array, ImmutableArray<object?> items)
    {
        ImmutableArray<HostOperand> operands = [.. items.Select(Operand)];
        Add(new ArrayStep(operands, ((HostObject)Meet(array)).Number));
    }

    public void Compared(object? left, object? right, bool result)
    {
        if (!HostOperand.IsLiteral(left) || !HostOperand.IsLiteral(right))
        {
            Add(new EqualStep(Operand(left), Operand(right), result));
        }
    }

    public TracedThunk Thunk(FunctionDefinition definition, int thunk, object? self, ImmutableArray<object?> arguments) =>
        new(_definitions[definition], thunk, Operand(self), [.. arguments.Select(Operand)]);

    /// <summary>A value that has been met.</summary>
    public HostOperand Operand(object? value)
    {
        if (HostOperand.IsLiteral(value))
        {
            return new HostLiteral(value);
        }

        if (!_numbers.TryGetValue(value!, out var number))
        {
            _fault ??= $"a value of {value!.GetType()} was not reached from the receiver or an argument";
        }

        return new HostObject(number);
    }

    private int NumberOf(object collection) => Operand(collection) is HostObject o ? o.Number : 0;

    private HostOperand Meet(object? value)
    {
        if (!HostOperand.IsLiteral(value) && _numbers.TryAdd(value!, _objects.Count))
        {
            _objects.Add(HostObjectFacts.Of(value!, _typeOf));
        }

        return Operand(value);
    }

    private int Define(FunctionDefinition definition)
    {
        if (!_definitions.TryGetValue(definition, out var number))
        {
            _definitions.Add(definition, number = _traced.Count);
            _traced.Add(new TracedDefinition(definition.Key, definition.Hash));
        }

        return number;
    }

    // The same question with the same answer says nothing new.
    private void Add(HostStep step)
    {
        if (_known.Add(step))
        {
            _steps.Add(step);
        }
    }
}
