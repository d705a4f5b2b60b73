using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>The state of one inference: what each local and register is known to be, and what was found wrong.</summary>
internal sealed class ShapeFrame
{
    private readonly ImmutableArray<CaptureDiagnostic>.Builder _found = ImmutableArray.CreateBuilder<CaptureDiagnostic>();
    private readonly Fact[] _registers;
    private readonly string[] _names;
    private readonly SyntaxNode?[] _syntax;

    public ShapeFrame(CaptureSession session, Function function)
    {
        Session = session;
        Function = function;
        Facts = new ReadFacts(session, Unknown);
        _registers = [.. Enumerable.Repeat(Fact.Nothing, function.RegisterCount)];
        _syntax = new SyntaxNode?[function.RegisterCount];
        _names = new string[function.RegisterCount];
        Locals = [.. Enumerable.Repeat(Fact.Nothing, function.Locals.Length)];
        Scope = OwnScope();
        DeclareParameters();
    }

    public CaptureSession Session { get; }

    public Function Function { get; }

    public UnknownSizes Unknown { get; } = new();

    public ReadFacts Facts { get; }

    /// <summary>What the names of the method's own [Shape]s mean: themselves.</summary>
    public ContractScope Scope { get; }

    public Fact[] Locals { get; set; }

    /// <summary>Above zero: what runs may not run at all for these shapes, so nothing is reported.</summary>
    public int Silent { get; set; }

    /// <summary>Above zero: a policy of mixed precision casts operands, so nothing is said of their dtypes.</summary>
    public int MixedPrecisions { get; set; }

    public Stack<JumpTargets> Jumps { get; } = new();

    public Stack<List<(Fact Value, Fact[] Locals)>> Returns { get; } = new();

    /// <summary>What the method returns, as far as it has been run; null where it has not returned.</summary>
    public Fact? Result { get; private set; }

    public ImmutableArray<CaptureDiagnostic> Found => _found.ToImmutable();

    public Fact this[int register]
    {
        get => register == Instruction.None ? Fact.Nothing : _registers[register];
        set => _registers[register] = value;
    }

    /// <summary>The tensor in a register; nothing is known of what is no tensor.</summary>
    public TensorFact Tensor(int register) => this[register] as TensorFact ?? TensorFact.Unknown;

    public void Name(int register, string text) => _names[register] = text.StartsWith("this.", StringComparison.Ordinal) ? text.Substring(5) : text;

    public string NameOf(int register) => register == Instruction.None ? "" : _names[register] ?? "the value";

    public void SetNothing(int register)
    {
        if (register != Instruction.None)
        {
            this[register] = Fact.Nothing;
        }
    }

    /// <summary>One of the ways by which the method returns.</summary>
    public void Return(Fact value) => Result = Result is null ? value : JoinFacts.Join(Result, value, Unknown);

    public Fact Of(IParameterSymbol parameter) => Locals[(Session.Method.IsStatic ? 0 : 1) + ArgumentParts.Before(parameter)];

    /// <summary>Any variable may have been set since.</summary>
    public void ForgetLocals() => Locals = [.. Locals.Select(l => l is ObjectFact ? l : l is TensorFact ? TensorFact.Unknown : Fact.Nothing)];

    /// <summary>Lists may have changed through another variable that holds them.</summary>
    public void ForgetLists()
    {
        for (var i = 0; i < _registers.Length; i++)
        {
            _registers[i] = _registers[i] is ListFact ? Fact.Nothing : _registers[i];
        }

        Locals = [.. Locals.Select(l => l is ListFact ? Fact.Nothing : l)];
    }

    /// <summary><c>x is [B, 784] from its [Shape]</c>.</summary>
    public string Describe(int register) => Describe(NameOf(register), Tensor(register));

    public static string Describe(string name, TensorFact tensor) =>
        $"{name} is {tensor.Text}{(tensor.From.Length > 0 && tensor.From != name ? " from " + tensor.From : tensor.Root.Length > 0 ? ", which starts from " + tensor.Root : "")}";

    /// <summary>A tensor or a list of tensors; null where there is nothing to say.</summary>
    public string? DescribeAny(int register) => this[register] switch
    {
        TensorFact { SaysNothing: false } => Describe(register),
        ListFact list when list.Items.All(i => i is TensorFact) => $"{NameOf(register)} holds {string.Join(", ", list.Items.OfType<TensorFact>().Select(t => t.Text))}",
        _ => null,
    };

    public SyntaxNode? SyntaxOf(Instruction instruction) =>
        instruction.Source is { } source && Session.Origins.Places.TryGetValue(source, out var syntax) ? syntax : null;

    /// <summary>The expression that an argument of a call is, where the call is written as one.</summary>
    public SyntaxNode? ArgumentSyntax(Instruction call, int ordinal)
    {
        var syntax = SyntaxOf(call);
        return syntax is not null && Session.Model.GetOperation(syntax, Session.Cancellation) is IInvocationOperation invocation
            ? invocation.Arguments.FirstOrDefault(a => a.Parameter?.Ordinal == ordinal && !a.IsImplicit)?.Value.Syntax ?? syntax
            : syntax;
    }

    /// <summary>The expression of an instruction's only operand, where the instruction itself has no place.</summary>
    public SyntaxNode? ResultSyntax(ReturnInstruction step) => step.Value != Instruction.None && _syntax[step.Value] is { } syntax ? syntax : null;

    /// <summary>Remembers where the value of a register is written.</summary>
    public void Place(Instruction instruction)
    {
        if (instruction.Result != Instruction.None)
        {
            _syntax[instruction.Result] = SyntaxOf(instruction);
        }
    }

    public void Report(string id, SyntaxNode? syntax, params string[] arguments)
    {
        if (Silent > 0 || syntax is null)
        {
            return;
        }

        var diagnostic = Places.Diagnostic(id, syntax, [.. arguments.Select(ShapeWords.Clean)]);
        if (!_found.Any(f => f.Id == id && f.Span == diagnostic.Span))
        {
            _found.Add(diagnostic);
        }
    }

    private ContractScope OwnScope()
    {
        var scope = new ContractScope(Facts.Self);
        var method = Session.Method;
        var contracts = method.Parameters.Select(p => ShapeContract.Of(p.GetAttributes(), Session.Types))
            .Append(ShapeContract.Of(method.GetReturnTypeAttributes(), Session.Types));
        foreach (var name in contracts.OfType<ShapeContract>().SelectMany(c => c.Items).OfType<string>())
        {
            scope.Bind(name, Dim.Named(name));
        }

        return scope;
    }

    private void DeclareParameters()
    {
        var first = Session.Method.IsStatic ? 0 : 1;
        if (first == 1)
        {
            Locals[0] = Facts.Self;
        }

        foreach (var parameter in Session.Method.Parameters.Where(ArgumentParts.IsGiven))
        {
            var contract = ShapeContract.Of(parameter.GetAttributes(), Session.Types);
            Locals[first + ArgumentParts.Before(parameter)] = contract?.Tensor(Scope, Unknown, "its [Shape]") ?? Facts.NoneOf(parameter.Type);
        }
    }
}

/// <summary>The states in which a loop or switch is left, or goes on with its next turn.</summary>
/// <param name="IsLoop">Not a switch, which a continue passes through.</param>
internal sealed record JumpTargets(bool IsLoop)
{
    public List<Fact[]> Breaks { get; } = [];

    public List<Fact[]> Continues { get; } = [];
}
