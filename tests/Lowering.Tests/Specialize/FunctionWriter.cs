using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Specialize;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Lowering.Tests.Specialize;

/// <summary>Writes a captured function by hand, with C# delegates for its thunks and callees.</summary>
internal sealed class FunctionWriter(string key)
{
    private readonly List<FunctionParameter> _parameters = [];
    private readonly List<Local> _locals = [];
    private readonly List<Thunk> _thunks = [];
    private readonly List<Func<object?, object?[], object?>> _bodies = [];
    private readonly List<string> _callees = [];
    private readonly List<Func<object?, FunctionDefinition?>> _resolvers = [];
    private readonly Stack<List<Instruction>> _blocks = new([[]]);
    private int _registers;
    private int _line;

    public static ValueType Host { get; } = new(ValueKind.Host, "object");

    public static ValueType Void => ValueType.Void;

    public static ValueType List { get; } = new(ValueKind.Aggregate, "list");

    public Shape? ResultShape { get; init; }

    /// <summary>The function is meant to break a rule that captured ones keep.</summary>
    public bool IsIllegal { get; init; }

    public ValueType Result { get; init; } = ValueType.Tensor;

    public int Parameter(string name, ValueType? type = null, params Dim[] shape)
    {
        _parameters.Add(new FunctionParameter(name, type ?? ValueType.Tensor, shape.Length == 0 ? null : new Shape([.. shape])));
        return Local(name, type);
    }

    public int This() => Parameter("this", Host);

    public int Local(string name, ValueType? type = null)
    {
        _locals.Add(new Local(name, type ?? ValueType.Tensor));
        return _locals.Count - 1;
    }

    public int DeclareThunk(string name, Func<object?, object?[], object?> body, bool guard = false, ValueType? result = null, params string[] types)
    {
        _thunks.Add(new Thunk(name, result ?? Host, [.. types.Select(t => new ValueType(ValueKind.Host, t))], guard));
        _bodies.Add(body);
        return _thunks.Count - 1;
    }

    public int Emit(Func<int, Instruction> make)
    {
        var register = _registers++;
        _blocks.Peek().Add(make(register));
        return register;
    }

    public void Do(Instruction instruction) => _blocks.Peek().Add(instruction);

    public Block Block(Action write) => Block(() =>
    {
        write();
        return Instruction.None;
    });

    public Block Block(Func<int> write)
    {
        _blocks.Push([]);
        var yield = write();
        return new Block([.. _blocks.Pop()], yield);
    }

    public int Literal(object? value) => Emit(r => new LiteralInstruction(r, value));

    public int Load(int local) => Emit(r => new LoadInstruction(r, local));

    public void Store(int local, int register) => Do(new StoreInstruction(local, register));

    public int HostOp(string name, string type, params int[] operands) => Emit(r => new HostInstruction(r, name, type, [.. operands], Place(name)));

    public int Dim(int tensor, int axis)
    {
        var at = Literal(axis);
        return Emit(r => new DimInstruction(r, tensor, at));
    }

    public int Apply(OpCode op, params (string Name, int Register)[] arguments) =>
        Emit(r => new ApplyInstruction(r, op, [.. arguments.Select(a => new NamedArgument(a.Name, a.Register))], Place(op.ToString())));

    public int Add(int x, int y) => Apply(OpCode.Add, ("x", x), ("y", y));

    public int Mul(int x, int y) => Apply(OpCode.Mul, ("x", x), ("y", y));

    public int MakeList(params int[] items) => Emit(r => new ListInstruction(r, [.. items]));

    public int Item(int list, int index)
    {
        var at = Literal(index);
        return Emit(r => new ItemInstruction(r, list, at));
    }

    public int Thunk(string name, Func<object?, object?[], object?> body, params int[] arguments) =>
        Evaluate(DeclareThunk(name, body, types: Objects(arguments)), arguments);

    public int Guard(string name, Func<object?, object?[], object?> body, params int[] arguments) =>
        Evaluate(DeclareThunk(name, body, guard: true, types: Objects(arguments)), arguments);

    private static string[] Objects(int[] arguments) => [.. arguments.Select(_ => "object")];

    public int Evaluate(int thunk, params int[] arguments) => Emit(r => new ThunkInstruction(r, thunk, [.. arguments], Place(_thunks[thunk].Name)));

    public int State(FakeTensor tensor) => Thunk(tensor.Name, (_, _) => tensor);

    public int Call(FunctionDefinition callee, params int[] arguments) => Call(callee.Key, _ => callee, arguments);

    public int Call(string callee, Func<object?, FunctionDefinition?> resolve, params int[] arguments)
    {
        _callees.Add(callee);
        _resolvers.Add(resolve);
        var number = _callees.Count - 1;
        return Emit(r => new CallInstruction(r, number, [.. arguments], Place($"call {callee}")));
    }

    public void Assign(int target, int value) => Do(new AssignInstruction(target, value, Place("Assign")));

    public void If(int condition, Action then, Action? otherwise = null) =>
        Do(new IfInstruction(condition, Block(then), Block(otherwise ?? (() => { })), Place("if")));

    public void Return(int register) => Do(new ReturnInstruction(register));

    public FunctionDefinition Build()
    {
        var function = new Function(
            key, [.. _parameters], Result, [.. _locals], [.. _thunks], [.. _callees], new Block([.. _blocks.Peek()]), _registers,
            new SourceSpan("Model.cs", 1, 1, key)) { ResultShape = ResultShape };
        if (!IsIllegal)
        {
            FunctionVerifier.Check(function);
        }

        return new FunctionDefinition(
            key,
            FunctionCodec.Pack(function),
            (thunk, self, arguments) => _bodies[thunk](self, arguments),
            (thunk, self, arguments, expected) => Equals(_bodies[thunk](self, arguments), expected),
            (callee, receiver) => _resolvers[callee](receiver));
    }

    /// <summary>Builds it and specializes it to tensors of these types; what comes out is a legal module.</summary>
    public SpecializedFunction Specialize(params TensorType[] arguments) => SpecializeOn(null, arguments);

    public SpecializedFunction SpecializeOn(object? self, params TensorType[] arguments)
    {
        var specialized = Specializer.Specialize(Build(), self, [.. arguments.Select(t => (ArgumentSpec)new TensorSpec(t))]);
        GraphVerifier.Check(specialized.Module);
        Assert.Equal(specialized.Module.Root.Inputs.Length, specialized.Inputs.Length);
        Assert.Equal(specialized.Module.Root.Outputs.Length, specialized.Outputs.Length);
        return specialized;
    }

    public SourceSpan Place(string text) => new("Model.cs", ++_line, 5, text);
}
