using System.Collections.Immutable;

namespace Unified.Ir.Tests;

/// <summary>Random valid functions with every kind of instruction, nested.</summary>
internal sealed class RandomFunctions
{
    private static readonly string[] Unary = ["neg", "not", "abs", "sqrt", "log", "exp", "to_int", "to_long", "to_float", "to_double"];

    private static readonly string[] Binary = ["add", "sub", "mul", "div", "rem", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "min", "max", "pow"];

    private static readonly ImmutableArray<Op> Ops = [.. OpTable.All.Where(o => !o.Has(OpTraits.Structural))];

    private readonly Draw _draw;
    private readonly ImmutableArray<Local> _locals;
    private readonly ImmutableArray<Thunk> _thunks;
    private readonly ImmutableArray<string> _callees;
    private readonly List<int> _visible = [];
    private readonly bool _isVoid;
    private int _registers;

    private RandomFunctions(Draw draw)
    {
        _draw = draw;
        _locals = [.. draw.List(1, 5, () => new Local(draw.Text(), Type()))];
        _thunks = [.. draw.List(1, 4, () => new Thunk(draw.Text(), Type(), [.. draw.List(0, 3, Type)], draw.Chance(0.3)))];

        // One that any rebind can use.
        _thunks = [.. _thunks, new Thunk("field =", ValueType.Void, [ValueType.Tensor], false), new Thunk("field", ValueType.Tensor, [], true)];
        _callees = [.. draw.List(1, 3, draw.Text)];
        _isVoid = draw.Chance(0.2);
    }

    public static Function Next(Draw draw) => new RandomFunctions(draw).Make();

    private Function Make()
    {
        var body = Block(4, inLoop: false, inGradient: false, yields: false);
        var parameters = _locals.Take(_draw.Int(0, _locals.Length)).Select(l => new FunctionParameter(l.Name, l.Type, Shape())).ToImmutableArray();
        var result = _isVoid ? ValueType.Void : Type();
        return new Function(
            _draw.Text(), parameters, result, _locals, _thunks, _callees, body, _registers + _draw.Int(0, 2), _draw.Source())
        {
            ResultShape = Shape(),
            HandedBack = result.Kind == ValueKind.Aggregate ? [.. _draw.List(0, 2, () => new FunctionParameter(_draw.Text(), Type(), Shape()))] : [],
        };
    }

    private Shape? Shape() => _draw.Chance(0.5) ? null : new Shape([.. _draw.List(0, 3, () => RandomDims.Next(_draw, 2))]);

    private ValueType Type() => new(
        _draw.Of(ValueKind.Tensor, ValueKind.Host, ValueKind.Aggregate),
        _draw.Of("Tensor", "int", "global::System.Collections.Generic.List<Ns.Layer<int>>", "(Tensor a, int b)[]", ">", "<", "", " x", "a\"b", "T?"));

    private Block Block(int depth, bool inLoop, bool inGradient, bool yields)
    {
        var outer = _visible.Count;
        var instructions = ImmutableArray.CreateBuilder<Instruction>();
        instructions.Add(new LiteralInstruction(NewRegister(), Literal(), _draw.Source()));
        for (var count = _draw.Int(0, 7); count > 0; count--)
        {
            instructions.Add(Instruction(depth, inLoop, inGradient));
        }

        var block = new Block(instructions.ToImmutable(), yields ? Register() : Ir.Instruction.None);
        _visible.RemoveRange(outer, _visible.Count - outer);
        return block;
    }

    private int NewRegister()
    {
        _visible.Add(_registers);
        return _registers++;
    }

    private int Register() => _draw.Of<int>(_visible);

    private ImmutableArray<int> Registers(int least = 0, int most = 3) => [.. _draw.List(least, most, Register)];

    private object? Literal() => _draw.Int(0, 6) switch
    {
        0 => null,
        1 => _draw.Chance(0.5),
        2 => _draw.Of(int.MinValue, int.MaxValue, 0, _draw.Int(-100, 100)),
        3 => _draw.Of(long.MinValue, long.MaxValue, 0, _draw.Long()),
        4 => _draw.Single(),
        5 => _draw.Double(),
        _ => _draw.Text(),
    };

    // The result's register is taken last, so that an instruction never reads its own result.
    private Instruction Instruction(int depth, bool inLoop, bool inGradient)
    {
        var source = _draw.Source();
        var nested = depth > 0;
        switch (_draw.Int(0, nested ? 29 : 20))
        {
            case 0:
                return new LiteralInstruction(NewRegister(), Literal(), source);
            case 1 when _draw.Chance(0.1):
                return new RecurseInstruction(_draw.Chance(0.5) ? Ir.Instruction.None : NewRegister(), _draw.Int(0, _locals.Length - 1), source);
            case 1:
                return new LoadInstruction(NewRegister(), _draw.Int(0, _locals.Length - 1), source);
            case 2:
                return _draw.Chance(0.2) ? new DisposeInstruction(Register(), source) : new StoreInstruction(_draw.Int(0, _locals.Length - 1), Register(), source);
            case 3:
                return Host(source);
            case 4 when (Register(), Register()) is var (x, axis):
                return new DimInstruction(NewRegister(), x, axis, source);
            case 5 when Register() is var x:
                return new RankInstruction(NewRegister(), x, source);
            case 6 when Register() is var x:
                return new ShapeInstruction(NewRegister(), x, source);
            case 7 when ThunkCall() is var (thunk, arguments):
                return new ThunkInstruction(_draw.Chance(0.2) ? Ir.Instruction.None : NewRegister(), thunk, arguments, source);
            case 8 or 9:
                return Apply(source);
            case 10 or 11 when (Register(), Register(), _draw.List(0, 4, Item)) is var (x, value, items):
                return _draw.Chance(0.3)
                    ? new IndexUpdateInstruction(NewRegister(), x, [.. items], value, source)
                    : new IndexInstruction(NewRegister(), x, [.. items], source);
            case 12 when Registers() is var arguments:
                return new CallInstruction(
                    _draw.Chance(0.2) ? Ir.Instruction.None : NewRegister(), _draw.Int(0, _callees.Length - 1), arguments, source);
            case 13 when _draw.Chance(0.3) && ThunkCall() is var (thunk, arguments) && Registers() is var dims:
                return new HostCallInstruction(
                    _draw.Chance(0.2) ? Ir.Instruction.None : NewRegister(), thunk, arguments, _visible[0], _draw.Chance(0.5) ? dims : [], _draw.Of("same", "tensor_bf16"), source);
            case 13 when Registers() is var items:
                return new ListInstruction(NewRegister(), items, source);
            case 14 when (Register(), Register()) is var (list, index):
                return new ItemInstruction(NewRegister(), list, index, source);
            case 15 when _draw.Chance(0.3) && (Register(), Register(), Register()) is var (list, start, end):
                return _draw.Chance(0.5)
                    ? new ListStepInstruction(NewRegister(), "range", [list, start, end], source)
                    : new ListStepInstruction(Ir.Instruction.None, "set", [list, start, end], source);
            case 15 when Register() is var list:
                return new CountInstruction(NewRegister(), list, source);
            case 16:
                return new AssignInstruction(Register(), Register(), source);
            case 17:
                return new RebindInstruction(_thunks.Length - 2, _draw.Of(_thunks.Length - 1, Ir.Instruction.None), [], Register(), source);
            case 18 when ThunkCall() is var (thunk, arguments):
                return new ThrowInstruction(thunk, arguments, source);
            case 19 when inLoop:
                return _draw.Chance(0.5) ? new BreakInstruction(source) : new ContinueInstruction(source);
            case 20 when !inGradient:
                return new ReturnInstruction(_isVoid ? Ir.Instruction.None : Register(), source);
            case 21 or 22:
                return new IfInstruction(Register(), Block(depth - 1, inLoop, inGradient, false), Block(depth - 1, inLoop, inGradient, false), source);
            case 23 or 24:
                return new LoopInstruction(
                    Block(depth - 1, false, inGradient, true), Block(depth - 1, true, inGradient, false), Block(depth - 1, false, inGradient, false),
                    _draw.Chance(0.7), source);
            case 25:
                return new ForEachInstruction(_draw.Int(0, _locals.Length - 1), Register(), Block(depth - 1, true, inGradient, false), source);
            case 26 or 27 when (Block(depth - 1, false, true, true), Register()) is var (body, wrt):
                return _draw.Chance(0.5)
                    ? new ValueAndGradInstruction(NewRegister(), body, wrt, source)
                    : new DerivativeInstruction(NewRegister(), _draw.Of("vjp", "hessian"), body, wrt, _draw.Of(wrt, Ir.Instruction.None), source);
            case 28 when _draw.Chance(0.4) && (Block(depth - 1, false, true, true), Register()) is var (body, input):
                return new VmapInstruction(NewRegister(), body, [input, input], [input, input], input, source);
            case 28 when _draw.Chance(0.3) && (Block(depth - 1, false, true, true), Register(), Block(depth - 1, false, true, true)) is var (value, wrt, backward):
                return new CustomGradientInstruction(NewRegister(), value, wrt, backward, source);
            case 28 when _draw.Chance(0.2) && Block(depth - 1, false, true, true) is var again:
                return new CheckpointInstruction(NewRegister(), again, source);
            case 28 when _draw.Chance(0.3) && Register() is var number:
                return new ExampleInstruction(NewRegister(), number, source);
            case 28 when Block(depth - 1, false, true, false) is var body:
                return new InlineInstruction(_draw.Chance(0.5) ? Ir.Instruction.None : NewRegister(), body, source);
            case 29 when _draw.Chance(0.3):
                return new GuardedInstruction(Block(depth - 1, inLoop, inGradient, false), source);
            case 29 when _draw.Chance(0.5):
                return new PrecisionInstruction(Registers(0, 2), Block(depth - 1, inLoop, inGradient, false), source);
            case 29:
                return new SwitchInstruction(Block(depth - 1, true, inGradient, false), source);
            default:
                return new LoadInstruction(NewRegister(), 0, source);
        }
    }

    private HostInstruction Host(SourceSpan? source)
    {
        var binary = _draw.Chance(0.6);
        var operands = Registers(binary ? 2 : 1, binary ? 2 : 1);
        return new HostInstruction(
            NewRegister(), _draw.Of(binary ? Binary : Unary), _draw.Of("int", "long", "float", "double", "bool"), operands, source);
    }

    private (int Thunk, ImmutableArray<int> Arguments) ThunkCall()
    {
        var thunk = _draw.Int(0, _thunks.Length - 1);
        return (thunk, Registers(_thunks[thunk].Arguments.Length, _thunks[thunk].Arguments.Length));
    }

    private ApplyInstruction Apply(SourceSpan? source)
    {
        var op = _draw.Of<Op>(Ops);
        var names = op.Operands.Where(o => !(o.Optional || o.Variadic) || _draw.Chance(0.5)).Select(o => o.Name)
            .Concat(op.Attributes.Where(a => a.Default is null || _draw.Chance(0.5)).Select(a => a.Name));
        ImmutableArray<NamedArgument> arguments = [.. names.Select(n => new NamedArgument(n, Register()))];
        return new ApplyInstruction(NewRegister(), op.Code, arguments, source);
    }

    private IndexItem Item()
    {
        var (start, end) = (_draw.Chance(0.6) ? Register() : Ir.Instruction.None, _draw.Chance(0.6) ? Register() : Ir.Instruction.None);
        return _draw.Int(0, 3) switch
        {
            0 => new IndexItem("at", Register(), StartFromEnd: _draw.Chance(0.5)),
            1 => new IndexItem(
                "range", start, end, start != Ir.Instruction.None && _draw.Chance(0.5), end != Ir.Instruction.None && _draw.Chance(0.5)),
            2 => new IndexItem("all"),
            _ => new IndexItem("tensor", Register()),
        };
    }
}
