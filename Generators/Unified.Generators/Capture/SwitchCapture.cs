using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns a <c>switch</c> statement over a host value into If instructions, one in the other.</summary>
internal sealed class SwitchCapture(CaptureSession session)
{
    private readonly Stack<(ISwitchOperation Switch, Action<ISwitchCaseOperation> Section)> _open = new();
    private readonly Stack<ISwitchCaseOperation> _gone = new();

    /// <summary>A <c>goto case</c>, as the section that it goes to; false for another kind of goto.</summary>
    public bool GoTo(IBranchOperation jump)
    {
        var target = _open.SelectMany(o => o.Switch.Cases.Select(c => (o.Switch, o.Section, Case: c)))
            .FirstOrDefault(t => t.Case.Clauses.Any(c => SymbolEqualityComparer.Default.Equals(c.Label, jump.Target)));
        if (target.Case is null)
        {
            return false;
        }

        for (var at = jump.Parent; at is not null && at != target.Switch; at = at.Parent)
        {
            if (at is ILoopOperation or ISwitchOperation or IUsingOperation or ITryOperation)
            {
                session.Report("UG001", jump.Syntax, "A goto statement out of a loop or another statement of the section", "write a loop or an if statement");
                return true;
            }
        }

        if (_gone.Contains(target.Case) || jump.Parent?.Parent == target.Case || jump.Parent == target.Case)
        {
            session.Report("UG001", jump.Syntax, "A goto statement back to a section", "write a loop around the switch statement");
            return true;
        }

        _gone.Push(target.Case);
        target.Section(target.Case);
        _gone.Pop();
        session.Writer.Emit(new BreakInstruction());
        return true;
    }

    public void Capture(ISwitchOperation operation)
    {
        if (session.Expressions.Conditionals.Subject(operation.Value) is not { } subject)
        {
            return;
        }

        var sections = operation.Cases.Select(c => (Case: c, Body: WithoutBreak(c.Body, operation.ExitLabel))).ToImmutableArray();
        var breaks = sections.SelectMany(s => s.Body).SelectMany(o => o.DescendantsAndSelf()).OfType<IBranchOperation>()
            .Any(b => (b.BranchKind == BranchKind.Break && SymbolEqualityComparer.Default.Equals(b.Target, operation.ExitLabel)) || b.BranchKind == BranchKind.GoTo);
        _open.Push((operation, section => Statements(sections.First(s => s.Case == section).Body)));
        if (!breaks)
        {
            Section(0);
        }
        else
        {
            var body = session.Writer.InBlock(() => Section(0));
            session.Writer.Emit(new SwitchInstruction(body, session.Place(operation.Value)));
        }

        _open.Pop();

        void Section(int index)
        {
            if (index == sections.Length)
            {
                Statements(sections.FirstOrDefault(s => IsDefault(s.Case)).Body);
                return;
            }

            var (section, statements) = sections[index];
            if (IsDefault(section))
            {
                // Taken when nothing else fits, wherever it stands; cases beside it in the section change nothing.
                Section(index + 1);
                return;
            }

            var cases = section.Clauses.Select(c => c switch
            {
                IPatternCaseClauseOperation p => new CaseTest(p.Pattern is IConstantPatternOperation { Value: { ConstantValue.HasValue: true } value } && p.Guard is null ? value : p.Pattern, p.Guard, section.Locals),
                ISingleValueCaseClauseOperation v => new CaseTest(v.Value, null, []),
                _ => null,
            }).ToList();
            if (cases.Contains(null))
            {
                session.Report("UG001", section.Syntax, "This case", "write an if statement");
                return;
            }

            var condition = session.Patterns.Test(subject, operation.Value.Type!, cases!, section);
            var then = session.Writer.InBlock(() => Statements(statements));
            var other = session.Writer.InBlock(() => Section(index + 1));
            if (condition != Instruction.None)
            {
                session.Writer.Emit(new IfInstruction(condition, then, other, session.Place(section.Clauses[0])));
            }
        }
    }

    private void Statements(ImmutableArray<IOperation> statements)
    {
        foreach (var statement in statements.IsDefault ? [] : statements)
        {
            session.Statements.Capture(statement);
        }
    }

    private static bool IsDefault(ISwitchCaseOperation section) => section.Clauses.Any(c => c.CaseKind == CaseKind.Default);

    /// <summary>The statements of a section without the break that ends it.</summary>
    private static ImmutableArray<IOperation> WithoutBreak(ImmutableArray<IOperation> body, ILabelSymbol exit) => body switch
    {
        _ when body.LastOrDefault() is IBranchOperation { BranchKind: BranchKind.Break } last && SymbolEqualityComparer.Default.Equals(last.Target, exit) =>
            body.RemoveAt(body.Length - 1),
        [IBlockOperation block] => WithoutBreak(block.Operations, exit),
        _ => body,
    };
}
