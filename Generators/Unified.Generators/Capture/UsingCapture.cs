using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns <c>using var y = …</c> and <c>using (var y = …)</c> of tensors into declarations, and a Dispose instruction on each way out; and those of a
/// policy of mixed precision into an instruction with what follows as its block.
/// </summary>
internal sealed class UsingCapture(CaptureSession session)
{
    // What is to be emitted on the way out.
    private ImmutableStack<Action> _open = [];
    private ImmutableStack<Action> _openBeforeLoop = [];

    /// <summary>A body of its own: a return in it, or a break, leaves nothing that is open outside of it.</summary>
    public T Within<T>(bool isLoop, Func<T> capture)
    {
        var (open, beforeLoop) = (_open, _openBeforeLoop);
        (_open, _openBeforeLoop) = isLoop ? (open, open) : ([], []);
        var result = capture();
        (_open, _openBeforeLoop) = (open, beforeLoop);
        return result;
    }

    /// <summary>A block: what is declared with <c>using</c> in it ends with it.</summary>
    public void Block(Action capture)
    {
        var before = _open;
        capture();
        Close(before);
        _open = before;
    }

    public void Statement(IUsingOperation operation)
    {
        if (Policy(operation.Resources) is { } policy)
        {
            Precision(policy, () => session.Statements.Capture(operation.Body));
            return;
        }

        if (Variables(operation.Resources) is not { } variables)
        {
            Refuse(operation, "A using statement");
            return;
        }

        Block(() =>
        {
            Declare(operation.Resources, variables);
            session.Statements.Capture(operation.Body);
        });
    }

    public void Declaration(IUsingDeclarationOperation operation)
    {
        if (Variables(operation.DeclarationGroup) is { } variables)
        {
            Declare(operation.DeclarationGroup, variables);
        }
        else
        {
            Refuse(operation, "A using declaration");
        }
    }

    /// <summary>The call in <c>using var scope = MixedPrecision.Use(…)</c>, or in the head of such a statement.</summary>
    public IInvocationOperation? Policy(IOperation resources) => resources switch
    {
        IUsingDeclarationOperation declaration => Policy(declaration.DeclarationGroup),
        IVariableDeclarationGroupOperation { Declarations: [{ Declarators: [var one] } of] } => Policy((one.Initializer ?? of.Initializer)?.Value ?? resources),
        IInvocationOperation call when session.Types.IntrinsicOf(call.TargetMethod) == "precision" => call,
        _ => null,
    };

    /// <summary>Statements under a policy.</summary>
    public void Precision(IInvocationOperation policy, Action statements)
    {
        ImmutableArray<Captured> arguments =
        [
            .. policy.Arguments.Where(a => a.ArgumentKind != ArgumentKind.DefaultValue).OrderBy(a => a.Parameter!.Ordinal).Select(a => session.Expressions.Capture(a.Value)),
        ];
        var body = session.Writer.InBlock(() => Block(statements));
        if (!arguments.Any(a => a.IsMissing))
        {
            session.Writer.Emit(new PrecisionInstruction([.. arguments.Select(a => a.Register)], body, session.Place(policy)));
        }
    }

    /// <summary>The way out by <c>return</c>, or by <c>break</c> or <c>continue</c>.</summary>
    public void Leave(bool isLoop) => Close(isLoop ? _openBeforeLoop : []);

    private void Declare(IOperation declaration, ImmutableArray<ILocalSymbol> variables)
    {
        session.Statements.Capture(declaration);
        foreach (var local in variables.Select(session.Writer.Find).OfType<int>())
        {
            _open = _open.Push(() => session.Writer.Emit(new DisposeInstruction(session.Writer.Load(local))));
        }
    }

    /// <summary>Statements that are followed by others, whatever the way out.</summary>
    public void Finally(Action statements, Action last)
    {
        var before = _open;
        _open = before.Push(last);
        statements();
        Close(before);
        _open = before;
    }

    private void Close(ImmutableStack<Action> until)
    {
        var whole = _open;
        for (var open = whole; open != until && !open.IsEmpty; open = open.Pop())
        {
            // It stands outside of what it ends.
            _open = open.Pop();
            open.Peek()();
        }

        _open = whole;
    }

    private void Refuse(IOperation operation, string what) => session.Report(
        "UG001", operation.Syntax, $"{what} of something that is no tensor", "open and dispose around the call of the static graph");

    private ImmutableArray<ILocalSymbol>? Variables(IOperation resources) => resources is IVariableDeclarationGroupOperation group
        && group.Declarations.SelectMany(d => d.Declarators).Select(d => d.Symbol).ToImmutableArray() is var all && all.All(v => session.Types.IsTensor(v.Type))
            ? all
            : null;
}
