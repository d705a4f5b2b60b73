using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>A variable that a host expression declares and that is read outside of it.</summary>
/// <param name="WhenTrue">It has a value where the expression is true, or is no condition.</param>
internal sealed record DeclaredVariable(ILocalSymbol Local, bool WhenTrue, bool WhenFalse);

/// <summary>One <c>case</c> or arm: a pattern or constant as written, and the condition after <c>when</c>.</summary>
internal sealed record CaseTest(IOperation Pattern, IOperation? Guard, ImmutableArray<ILocalSymbol> Locals);

/// <summary>
/// Turns variables that patterns and <c>out var</c> declare into locals of the function: the thunk gives back its value together with
/// theirs, as a tuple.
/// </summary>
internal sealed class PatternCapture(CaptureSession session)
{
    /// <summary>The variables declared in a host expression that live on after it.</summary>
    public ImmutableArray<DeclaredVariable> Declared(IOperation operation)
    {
        var declared = Declarations(operation).ToList();
        if (declared.Count == 0)
        {
            return [];
        }

        var span = operation.Syntax.Span;
        var (whenTrue, whenFalse) = Assigned(operation);
        return [.. session.Bodies.SelectMany(b => b.Descendants()).OfType<ILocalReferenceOperation>().Where(r => !span.Contains(r.Syntax.Span)).Select(r => r.Local)
            .Distinct<ILocalSymbol>(SymbolEqualityComparer.Default).Where(l => declared.Contains(l, SymbolEqualityComparer.Default))
            .Select(l => new DeclaredVariable(l, whenTrue.Contains(l), whenFalse.Contains(l)))];
    }

    /// <summary>The thunk's text, giving a tuple of the value and the variables.</summary>
    public static string Text(string expression, ITypeSymbol? type, ImmutableArray<DeclaredVariable> variables)
    {
        string Values(bool answer) => string.Join(", ", variables.Select(v => (answer ? v.WhenTrue : v.WhenFalse) ? ThunkCapture.Escape(v.Local.Name) : $"default({ThunkCapture.FullName(v.Local.Type)})!"));
        return type?.SpecialType == SpecialType.System_Boolean ? $"({expression}) ? (true, {Values(true)}) : (false, {Values(false)})" : $"({expression}, {Values(true)})";
    }

    public static string ResultType(ITypeSymbol type, ImmutableArray<DeclaredVariable> variables) =>
        $"({ThunkCapture.FullName(type)}, {string.Join(", ", variables.Select(v => ThunkCapture.FullName(v.Local.Type)))})";

    /// <summary>Whether all of them can be kept in locals; reports if not.</summary>
    public bool Check(ImmutableArray<DeclaredVariable> variables, IOperation operation)
    {
        foreach (var variable in variables)
        {
            // Known from here on, so that its uses are not errors as well.
            session.Writer.Declare(variable.Local, session.Types.Of(variable.Local.Type));
            if (session.Types.KindOf(variable.Local.Type) != ValueKind.Host)
            {
                session.Report("UG015", operation.Syntax, variable.Local.Name);
                return false;
            }

            if (!session.Thunks.CheckType(variable.Local.Type, operation))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes the tuple apart: the value, and a local for each variable.</summary>
    public Captured Unpack(int tuple, ITypeSymbol type, ImmutableArray<DeclaredVariable> variables, IOperation operation)
    {
        for (var i = 0; i < variables.Length; i++)
        {
            session.Writer.Emit(new StoreInstruction(session.Writer.Find(variables[i].Local)!.Value, ItemAt(tuple, i + 1, operation)));
        }

        return new(ItemAt(tuple, 0, operation), session.Types.KindOf(type));
    }

    /// <summary>Whether the host value in the local fits one of the cases. Declares the variables of the only one.</summary>
    public int Test(int subject, ITypeSymbol type, IReadOnlyList<CaseTest> cases, IOperation place)
    {
        if (Numbers(subject, type, cases, place) is { } number)
        {
            return number;
        }

        var locals = new List<ISymbol>();
        foreach (var part in cases.SelectMany(c => new[] { c.Pattern, c.Guard }).OfType<IOperation>())
        {
            var reading = session.Hosts.Read(part, place.Syntax.Span);
            if (!reading.IsPure)
            {
                session.Report("UG002", part.Syntax, $"{ExpressionCapture.Quote(part)}, which uses values of the graph, in a case", "compute it into a local before the switch");
                return Instruction.None;
            }

            locals.AddRange(reading.Locals.Where(l => !locals.Contains(l, SymbolEqualityComparer.Default)));
        }

        var name = session.Writer[subject].Name;
        string One(CaseTest test) => $"{name} is {test.Pattern.Syntax}" + (test.Guard is null ? "" : $" && ({test.Guard.Syntax})");
        var text = string.Join(" || ", cases.Select(c => cases.Count == 1 ? One(c) : $"({One(c)})"));
        var variables = cases.Count == 1
            ? cases[0].Locals.Where(l => Declarations(cases[0].Pattern).Concat(cases[0].Guard is { } g ? Declarations(g) : []).Contains(l, SymbolEqualityComparer.Default))
                .Select(l => new DeclaredVariable(l, true, false)).ToImmutableArray()
            : [];
        var parameters = new List<(int, ITypeSymbol)> { (subject, type) };
        parameters.AddRange(locals.Select(l => (session.Writer.Find(l)!.Value, HostReader.TypeOf(l)!)));
        var isGuard = cases.Any(c => c.Guard is { } guard && session.Guards.IsGuard(guard));
        var boolean = session.Model.Compilation.GetSpecialType(SpecialType.System_Boolean);
        if (!Check(variables, place))
        {
            return Instruction.None;
        }

        if (variables.IsEmpty)
        {
            return session.Thunks.Evaluate(text, boolean, isGuard, place, [.. parameters]).Register;
        }

        var tuple = session.Thunks.Evaluate(Text(text, boolean, variables), session.Types.Of(boolean), ResultType(boolean, variables), isGuard, place, [.. parameters]);
        return Unpack(tuple, boolean, variables, place).Register;
    }

    // A size is compared as a size, so that it may stay symbolic.
    private int? Numbers(int subject, ITypeSymbol type, IReadOnlyList<CaseTest> cases, IOperation place)
    {
        if (!HostArithmetic.IsNumber(type) || cases.Any(c => c.Guard is not null || c.Pattern.ConstantValue is not { HasValue: true, Value: int or long or bool }))
        {
            return null;
        }

        var tests = cases.Select(c =>
        {
            var value = session.Writer.Load(subject);
            var constant = session.Writer.Literal(c.Pattern.ConstantValue.Value);
            return session.Writer.Emit(r => new HostInstruction(r, "eq", "bool", [value, constant], session.Place(place)));
        }).ToList();
        return tests.Aggregate((a, b) => session.Writer.Emit(r => new HostInstruction(r, "or", "bool", [a, b], session.Place(place))));
    }

    private int ItemAt(int tuple, int position, IOperation operation)
    {
        var index = session.Writer.Literal(position);
        return session.Writer.Emit(r => new ItemInstruction(r, tuple, index, session.Place(operation)));
    }

    public static IEnumerable<ILocalSymbol> Declarations(IOperation operation) => operation.DescendantsAndSelf().Select(o => o switch
    {
        IDeclarationPatternOperation p => p.DeclaredSymbol,
        IRecursivePatternOperation p => p.DeclaredSymbol,
        IListPatternOperation p => p.DeclaredSymbol,
        ILocalReferenceOperation { IsDeclaration: true } l => l.Local,
        _ => null,
    }).OfType<ILocalSymbol>();

    /// <summary>The variables that have a value where the expression is true, and where it is false.</summary>
    private static (ImmutableHashSet<ISymbol> WhenTrue, ImmutableHashSet<ISymbol> WhenFalse) Assigned(IOperation operation)
    {
        switch (operation)
        {
            case IIsPatternOperation test:
                var always = Always(test.Value);
                var pattern = Set(Declarations(test.Pattern));
                return test.Pattern is INegatedPatternOperation ? (always, always.Union(pattern)) : (always.Union(pattern), always);
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Not, OperatorMethod: null } not:
                var (t, f) = Assigned(not.Operand);
                return (f, t);
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr } both:
                var (leftTrue, leftFalse) = Assigned(both.LeftOperand);
                var (rightTrue, rightFalse) = Assigned(both.RightOperand);
                return both.OperatorKind == BinaryOperatorKind.ConditionalAnd
                    ? (leftTrue.Union(rightTrue), leftFalse.Intersect(leftTrue.Union(rightFalse)))
                    : (leftTrue.Intersect(leftFalse.Union(rightTrue)), leftFalse.Union(rightFalse));
            case ILocalReferenceOperation { IsDeclaration: true } declared:
                var one = Set([declared.Local]);
                return (one, one);
            case IAnonymousFunctionOperation or ISwitchExpressionOperation:
                return (Set([]), Set([]));
            case IConditionalOperation or ICoalesceOperation or IConditionalAccessOperation:
                var first = operation.ChildOperations.Take(1).Aggregate(Set([]), (set, child) => set.Union(Always(child)));
                return (first, first);
            default:
                var all = operation.ChildOperations.Aggregate(Set([]), (set, child) => set.Union(Always(child)));
                return (all, all);
        }
    }

    private static ImmutableHashSet<ISymbol> Always(IOperation operation)
    {
        var (whenTrue, whenFalse) = Assigned(operation);
        return whenTrue.Intersect(whenFalse);
    }

    private static ImmutableHashSet<ISymbol> Set(IEnumerable<ISymbol> symbols) => ImmutableHashSet.CreateRange<ISymbol>(SymbolEqualityComparer.Default, symbols);
}
