using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns a <c>switch</c> statement over a host value into If instructions, one in the other.</summary>
internal sealed class SwitchCapture(CaptureSession session)
{
    public void Capture(ISwitchOperation operation)
    {
        if (session.Expressions.Conditionals.Subject(operation.Value) is not { } subject)
        {
            return;
        }

        var sections = operation.Cases.Select(c => (Case: c, Body: WithoutBreak(c.Body, operation.ExitLabel))).ToImmutableArray();
        var breaks = sections.SelectMany(s => s.Body).SelectMany(o => o.DescendantsAndSelf()).OfType<IBranchOperation>()
            .Any(b => b.BranchKind == BranchKind.Break && SymbolEqualityComparer.Default.Equals(b.Target, operation.ExitLabel));
        if (!breaks)
        {
            Section(0);
            return;
        }

        var body = session.Writer.InBlock(() => Section(0));
        session.Writer.Emit(new SwitchInstruction(body, session.Place(operation.Value)));

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
