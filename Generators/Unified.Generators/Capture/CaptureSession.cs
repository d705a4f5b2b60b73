using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>A value as captured: the register that holds it and what kind it is. After an error there is no register.</summary>
internal readonly record struct Captured(int Register, ValueKind Kind)
{
    public bool IsMissing => Register == Instruction.None;

    public static Captured Missing(ValueKind kind) => new(Instruction.None, kind);
}

/// <summary>What the construct families share while one method is captured: its symbols, the function being written, the errors found.</summary>
internal sealed class CaptureSession
{
    private readonly ImmutableArray<CaptureDiagnostic>.Builder _diagnostics = ImmutableArray.CreateBuilder<CaptureDiagnostic>();

    public CaptureSession(IMethodSymbol method, SemanticModel model, CancellationToken cancellation)
    {
        Method = method.PartialImplementationPart ?? method;
        Model = model;
        Cancellation = cancellation;
        Types = new TypeClassifier(model.Compilation);
        Writer = new FunctionWriter();
        Hosts = new HostReader(this);
        Guards = new GuardRule(this);
        Thunks = new ThunkCapture(this);
        Patterns = new PatternCapture(this);
        State = new StateWrites(this);
        Functions = new FunctionCapture(this);
        Members = new MemberBodies(this);
        Expressions = new ExpressionCapture(this);
        Statements = new StatementCapture(this);
    }

    public IMethodSymbol Method { get; }

    /// <summary>It has <c>ref</c> or <c>out</c> parameters, whose values its graph gives beside the result.</summary>
    public bool HandsBack => Method.Parameters.Any(ArgumentParts.IsHandedBack);

    /// <summary>The whole body of the method, and of the getters that are captured with it.</summary>
    public List<IOperation> Bodies { get; } = [];

    public SemanticModel Model { get; }

    /// <summary>What the function's numbers stand for in the source.</summary>
    public CaptureOrigins Origins { get; } = new();

    public CancellationToken Cancellation { get; }

    public TypeClassifier Types { get; }

    public FunctionWriter Writer { get; }

    public HostReader Hosts { get; }

    public GuardRule Guards { get; }

    public ThunkCapture Thunks { get; }

    public PatternCapture Patterns { get; }

    public StateWrites State { get; }

    public FunctionCapture Functions { get; }

    public MemberBodies Members { get; }

    public ExpressionCapture Expressions { get; }

    public StatementCapture Statements { get; }

    /// <summary>Something else than the method and the signatures of everything was looked at: bodies in the files of its type.</summary>
    public bool LooksAround { get; set; }

    /// <summary>The C# itself is wrong; the compiler says so, and nothing of ours is added.</summary>
    public bool IsBroken { get; set; }

    public bool HasErrors => IsBroken || _diagnostics.Count > 0;

    public ImmutableArray<CaptureDiagnostic> Diagnostics => _diagnostics.ToImmutable();

    /// <summary>Adds an error, once per place and id.</summary>
    public void Report(string id, SyntaxNode syntax, params string[] arguments)
    {
        var diagnostic = Places.Diagnostic(id, syntax, arguments);
        if (!_diagnostics.Contains(diagnostic))
        {
            _diagnostics.Add(diagnostic);
        }
    }

    /// <summary>Reports and stands in for the value that could not be captured.</summary>
    public Captured Refuse(string id, IOperation operation, params string[] arguments)
    {
        Report(id, operation.Syntax, arguments);
        return Captured.Missing(Types.KindOf(operation.Type));
    }

    public SourceSpan Place(IOperation operation)
    {
        var place = Places.Of(operation.Syntax);
        Origins.Places[place] = operation.Syntax;
        return place;
    }
}
