using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns labels and <c>goto</c> statements into loops and bodies that are left: a label that is gone back to starts a loop, one that is gone forward to
/// ends a body, and a <c>goto case</c> is the section that it goes to.
/// </summary>
internal sealed class LabelCapture(CaptureSession session)
{
    private readonly Dictionary<ILabelSymbol, Func<Instruction>> _open = new(SymbolEqualityComparer.Default);

    /// <summary>The statements of a list whose statement <paramref name="at"/> is the first with a label.</summary>
    public void Capture(ImmutableArray<IOperation> all, int at, Action<IEnumerable<IOperation>> capture)
    {
        var labeled = (ILabeledOperation)all[at];
        var (before, after) = (all.Take(at).ToImmutableArray(), all.Skip(at + 1).Prepend(labeled.Operation!).Where(o => o is not null).ToImmutableArray());
        var (forward, back) = (Gotos(before, labeled.Label), Gotos(after, labeled.Label));
        var fault = forward.IsEmpty && back.IsEmpty ? null
            : !forward.IsEmpty && !back.IsEmpty ? "A label that is gone to from before and from behind"
            : forward.IsEmpty ? FaultBack(after, back)
            : FaultForward(before);
        if (fault is not null)
        {
            session.Report("UG001", labeled.Syntax, fault, "write a loop or an if statement");
            return;
        }

        if (!forward.IsEmpty)
        {
            Forward(labeled, before, capture);
            capture(after);
            return;
        }

        capture(before);
        if (back.IsEmpty)
        {
            capture(after);
        }
        else
        {
            Back(labeled, after, back, capture);
        }
    }

    /// <summary>A <c>goto</c> to a label.</summary>
    public void GoTo(IBranchOperation jump)
    {
        if (_open.TryGetValue(jump.Target, out var leave))
        {
            session.Writer.Emit(leave());
        }
        else
        {
            session.Report("UG001", jump.Syntax, "This goto statement", "write a loop or an if statement");
        }
    }

    private void Forward(ILabeledOperation labeled, ImmutableArray<IOperation> before, Action<IEnumerable<IOperation>> capture)
    {
        _open[labeled.Label] = () => new ReturnInstruction(Instruction.None);
        var body = session.Writer.InBlock(() => capture(before));
        _open.Remove(labeled.Label);
        session.Writer.Emit(new InlineInstruction(Instruction.None, body, session.Place(labeled)));
    }

    // The usual form, "again: …; if (condition) goto again;", is a do statement.
    private void Back(ILabeledOperation labeled, ImmutableArray<IOperation> after, ImmutableArray<IBranchOperation> back, Action<IEnumerable<IOperation>> capture)
    {
        if (back.Length == 1 && after.IndexOf(after.FirstOrDefault(s => IsTestOf(s, back[0]))!) is >= 0 and var test)
        {
            var body = session.Writer.InBlock(() => capture(after.Take(test)));
            var condition = session.Writer.InBlock(() => session.Expressions.Conditionals.Condition(((IConditionalOperation)after[test]).Condition));
            session.Writer.Emit(new LoopInstruction(condition, body, Block.Empty, TestFirst: false, session.Place(labeled)));
            capture(after.Skip(test + 1));
            return;
        }

        _open[labeled.Label] = () => new ContinueInstruction();
        var whole = session.Statements.Usings.Within(isLoop: true, () => session.Writer.InBlock(() =>
        {
            capture(after);
            session.Writer.Emit(new BreakInstruction());
        }));
        _open.Remove(labeled.Label);
        var always = session.Writer.InBlock(() => session.Writer.Literal(true));
        session.Writer.Emit(new LoopInstruction(always, whole, Block.Empty, TestFirst: true, session.Place(labeled)));
    }

    private static bool IsTestOf(IOperation statement, IBranchOperation jump) =>
        statement is IConditionalOperation { WhenFalse: null, WhenTrue: var then } && (then == jump || (then is IBlockOperation { Operations: [var only] } && only == jump));

    private static string? FaultBack(ImmutableArray<IOperation> after, ImmutableArray<IBranchOperation> back) =>
        back.Any(b => Between(b, ListOf(after)).Any(o => o is ILoopOperation or IAnonymousFunctionOperation or ITryOperation)) ? "A goto statement that leaves a loop backwards"
        : LeavesList(after) ? "A label before statements that leave a loop around it"
        : null;

    private static string? FaultForward(ImmutableArray<IOperation> before) =>
        before.SelectMany(Descendants).Any(o => o is IReturnOperation) ? "A label that is gone to from among statements that return"
        : before.SelectMany(Descendants).Any(o => o is ITryOperation or IUsingOperation or IUsingDeclarationOperation) ? "A goto statement beside a try or using statement"
        : LeavesList(before) ? "A label behind statements that leave a loop around it"
        : null;

    // A break or continue of a loop or switch that the statements stand in.
    private static bool LeavesList(ImmutableArray<IOperation> statements) => statements.SelectMany(Descendants).OfType<IBranchOperation>()
        .Any(b => b.BranchKind is BranchKind.Break or BranchKind.Continue && !Between(b, ListOf(statements)).Any(o =>
            (o is ILoopOperation loop && (Same(loop.ExitLabel, b.Target) || Same(loop.ContinueLabel, b.Target))) || (o is ISwitchOperation choice && Same(choice.ExitLabel, b.Target))));

    // Where the statements stand; the one behind a label stands in that.
    private static IOperation? ListOf(ImmutableArray<IOperation> statements)
    {
        var parent = statements[0].Parent;
        while (parent is ILabeledOperation)
        {
            parent = parent.Parent;
        }

        return parent;
    }

    private static bool Same(ISymbol a, ISymbol b) => SymbolEqualityComparer.Default.Equals(a, b);

    private static ImmutableArray<IBranchOperation> Gotos(ImmutableArray<IOperation> statements, ILabelSymbol label) =>
        [.. statements.SelectMany(Descendants).OfType<IBranchOperation>().Where(b => b.BranchKind == BranchKind.GoTo && Same(b.Target, label))];

    private static IEnumerable<IOperation> Descendants(IOperation statement) => statement.DescendantsAndSelf();

    private static IEnumerable<IOperation> Between(IOperation inner, IOperation? outer)
    {
        for (var at = inner.Parent; at is not null && at != outer; at = at.Parent)
        {
            yield return at;
        }
    }
}
