using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns methods and computed properties of records of the graph into their bodies at the place of the call: such an object is a list of its
/// members there, and <c>this</c> within the body is that list.
/// </summary>
internal sealed class MemberBodies(CaptureSession session)
{
    private readonly Stack<(IBlockOperation Body, int Local, ValueKind Kind)> _receivers = new();

    /// <summary>The object that <c>this</c> means, where it stands in the body of a member; null where it is that of the method itself.</summary>
    public Captured? This(IInstanceReferenceOperation self) => Receiver(self) is { } receiver ? new(session.Writer.Load(receiver.Local), receiver.Kind) : null;

    public bool IsOfGraph(IInstanceReferenceOperation self) => Receiver(self)?.Kind == ValueKind.Aggregate;

    /// <summary>The call or read; null where another body could run, or where it cannot be seen from here.</summary>
    public Captured? Call(IOperation place, IOperation instance, ISymbol member, ImmutableArray<IArgumentOperation> arguments)
    {
        instance = HostReader.Unwrap(instance);
        var method = member is IPropertySymbol property ? property.GetMethod : member as IMethodSymbol;
        if (method is null || session.Types.LayoutOf(instance.Type) is null || !session.Hosts.IsAggregateOfGraph(instance) || BodyOf(member) is not { } body)
        {
            return null;
        }

        var receiver = session.Expressions.Capture(instance);
        if (receiver.IsMissing)
        {
            return Captured.Missing(session.Types.KindOf(method.ReturnType));
        }

        var local = session.Writer.DeclareTemporary(session.Types.Of(instance.Type!, receiver.Kind));
        session.Writer.Emit(new StoreInstruction(local, receiver.Register));
        session.Hosts.AddBody(body);
        _receivers.Push((body, local, receiver.Kind));
        try
        {
            return session.Functions.Invoke(new FunctionValue(method, body, NameScope.Empty), place, arguments);
        }
        finally
        {
            _receivers.Pop();
        }
    }

    private (IBlockOperation Body, int Local, ValueKind Kind)? Receiver(IInstanceReferenceOperation self)
    {
        foreach (var receiver in _receivers)
        {
            if (receiver.Body.Syntax.SyntaxTree == self.Syntax.SyntaxTree && receiver.Body.Syntax.Span.Contains(self.Syntax.Span))
            {
                return receiver;
            }
        }

        return null;
    }

    private IBlockOperation? BodyOf(ISymbol member)
    {
        if (member.IsStatic || member.IsVirtual || member.IsAbstract || member.IsOverride || member.ContainingType.IsGenericType
            || member.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(session.Cancellation) is not { } syntax || syntax.SyntaxTree != session.Model.SyntaxTree)
        {
            return null;
        }

        session.LooksAround = true;
        var written = syntax switch
        {
            MethodDeclarationSyntax method => method,
            PropertyDeclarationSyntax { ExpressionBody: { } expression } => expression,
            PropertyDeclarationSyntax property => property.AccessorList?.Accessors.FirstOrDefault(a => a.IsKind(SyntaxKind.GetAccessorDeclaration)),
            _ => (SyntaxNode?)null,
        };
        var operation = written is null ? null : session.Model.GetOperation(written, session.Cancellation);
        var body = operation is IMethodBodyOperation whole ? whole.BlockBody ?? whole.ExpressionBody : operation as IBlockOperation;
        return body is null || body.Descendants().Any(o => o is IInvalidOperation || ChangesItself(o) || FunctionCapture.IsOfItsTypeAlone(o, member.ContainingType)) ? null : body;
    }

    // A method that changes its object would change a list that others may not see.
    private static bool ChangesItself(IOperation operation) => operation switch
    {
        IAssignmentOperation { Parent: not IObjectOrCollectionInitializerOperation } a => IsOwn(a.Target),
        IIncrementOrDecrementOperation i => IsOwn(i.Target),
        IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out } a => IsOwn(a.Value),
        _ => false,
    };

    private static bool IsOwn(IOperation target) => target.DescendantsAndSelf().Any(o => o is IInstanceReferenceOperation);
}
