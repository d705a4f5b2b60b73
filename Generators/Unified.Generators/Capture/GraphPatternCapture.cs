using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns patterns on values of the graph (tensors, tuples, records, lists) into tests of their parts, which are host values or null tests: a
/// tensor's elements decide nothing here. Variables that a pattern declares are locals that are set where the parts before them fit.
/// </summary>
internal sealed class GraphPatternCapture(CaptureSession session)
{
    private const string Way = "test its parts, or test with 'is null'";

    /// <summary>Null where the pattern always fits; <see cref="Instruction.None"/> after an error.</summary>
    public int? Test(Captured value, IPatternOperation pattern, IOperation place)
    {
        switch (pattern)
        {
            case IDiscardPatternOperation:
                return null;
            case INegatedPatternOperation negated:
                return Not(Test(value, negated.Pattern, place), place);
            case IBinaryPatternOperation { OperatorKind: BinaryOperatorKind.And } both:
                return And([() => Test(value, both.LeftPattern, place), () => Test(value, both.RightPattern, place)], place);
            case IBinaryPatternOperation either:
                return Not(And([() => Not(Test(value, either.LeftPattern, place), place), () => Not(Test(value, either.RightPattern, place), place)], place), place);
            case IDeclarationPatternOperation declaration when declaration.MatchesNull:
                return Name(value, declaration.DeclaredSymbol, place);
            case IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: null } }:
                return session.Expressions.Conditionals.IsNull(value.Register, negated: false, place);
            case var whole when value.Kind == ValueKind.Host && session.Types.KindOf(whole.InputType) == ValueKind.Host:
                return OfHost(value, whole, place);
            case ITypePatternOperation type when IsSame(type.InputType, type.MatchedType):
                return IsThere(value, type.InputType, place);
            case IDeclarationPatternOperation declaration when IsSame(declaration.InputType, declaration.MatchedType ?? declaration.InputType):
                return And([() => IsThere(value, declaration.InputType, place), () => Name(value, declaration.DeclaredSymbol, place)], place);
            case IRecursivePatternOperation parts when IsSame(parts.InputType, parts.MatchedType):
                return Parts(value, parts, place);
            case IListPatternOperation list:
                return Items(value, list, place);
            default:
                session.Report("UG002", pattern.Syntax, $"The pattern {ExpressionCapture.Quote(pattern)} on a value of the graph", Way);
                return Instruction.None;
        }
    }

    private static bool IsSame(ITypeSymbol input, ITypeSymbol matched) =>
        SymbolEqualityComparer.Default.Equals(input, matched);

    private int? Parts(Captured value, IRecursivePatternOperation pattern, IOperation place)
    {
        var type = pattern.InputType;
        var tests = new List<Func<int?>> { () => IsThere(value, type, place) };
        for (var i = 0; i < pattern.DeconstructionSubpatterns.Length; i++)
        {
            var (position, part) = (i, pattern.DeconstructionSubpatterns[i]);
            tests.Add(() => Test(
                type.IsTupleType ? ItemAt(value, position, ((INamedTypeSymbol)type).TupleElements[position].Type, place)
                : session.Expressions.Records.Part(value.Register, type, position, place) ?? Unknown(part),
                part, place));
        }

        foreach (var property in pattern.PropertySubpatterns)
        {
            tests.Add(() => Test(Member(value, type, property.Member, place), property.Pattern, place));
        }

        if (pattern.DeclaredSymbol is { } declared)
        {
            tests.Add(() => Name(value, declared, place));
        }

        return And(tests, place);
    }

    private int? Items(Captured value, IListPatternOperation pattern, IOperation place)
    {
        var element = pattern.InputType is IArrayTypeSymbol array ? array.ElementType : (pattern.InputType as INamedTypeSymbol)?.TypeArguments.FirstOrDefault();
        var isShape = session.Types.IsShape(pattern.InputType);
        if (element is null && !isShape)
        {
            session.Report("UG002", pattern.Syntax, $"The pattern {ExpressionCapture.Quote(pattern)} on a value of the graph", Way);
            return Instruction.None;
        }

        element ??= session.Model.Compilation.GetSpecialType(SpecialType.System_Int32);
        var slice = pattern.Patterns.IndexOf(pattern.Patterns.FirstOrDefault(p => p is ISlicePatternOperation)!);
        if (slice >= 0 && pattern.Patterns[slice] is ISlicePatternOperation { Pattern: not (null or IDiscardPatternOperation) })
        {
            session.Report("UG002", pattern.Patterns[slice].Syntax, "A slice of the graph in a pattern", "match with '..' alone, and take the range from the list: list[1..]");
            return Instruction.None;
        }

        var count = session.Writer.Emit(r => new CountInstruction(r, value.Register, session.Place(place)));
        var tests = new List<Func<int?>> { () => Compare(slice < 0 ? "eq" : "ge", count, session.Writer.Literal(pattern.Patterns.Length - (slice < 0 ? 0 : 1)), place) };
        for (var i = 0; i < pattern.Patterns.Length; i++)
        {
            if (i != slice)
            {
                var (position, part, fromEnd) = (i, pattern.Patterns[i], slice >= 0 && i > slice);
                tests.Add(() =>
                {
                    var at = session.Writer.Literal(fromEnd ? pattern.Patterns.Length - position : position);
                    at = fromEnd ? session.Writer.Emit(r => new HostInstruction(r, "sub", "int", [count, at], session.Place(place))) : at;
                    return Test(session.Expressions.Reads.ItemAt(value.Register, at, place, element), part, place);
                });
            }
        }

        if (pattern.DeclaredSymbol is { } declared)
        {
            tests.Add(() => Name(value, declared, place));
        }

        return And(tests, place);
    }

    private Captured Member(Captured value, ITypeSymbol type, IOperation member, IOperation place)
    {
        if (member is IMemberReferenceOperation { Member: var symbol })
        {
            if (session.Types.LayoutOf(type) is { } layout && layout.IndexOf(symbol) is >= 0 and var index)
            {
                return ItemAt(value, index, RecordLayout.TypeOf(symbol), place);
            }

            if (type.IsTupleType && symbol is IFieldSymbol field && (field.CorrespondingTupleField ?? field).Name is var name
                && name.StartsWith("Item", StringComparison.Ordinal) && int.TryParse(name.Substring(4), out var number))
            {
                return ItemAt(value, number - 1, field.Type, place);
            }

            if (session.Types.IsTensor(type) && session.Types.IntrinsicOf(symbol) == "rank")
            {
                return new(session.Writer.Emit(r => new RankInstruction(r, value.Register, session.Place(place))), ValueKind.Host);
            }

            if (!session.Types.IsTensor(type) && session.Types.LayoutOf(type) is null && symbol.Name is "Count" or "Length")
            {
                return new(session.Writer.Emit(r => new CountInstruction(r, value.Register, session.Place(place))), ValueKind.Host);
            }
        }

        return Unknown(member);
    }

    private Captured Unknown(IOperation part)
    {
        session.Report("UG002", part.Syntax, $"{ExpressionCapture.Quote(part)} in a pattern on a value of the graph", Way);
        return Captured.Missing(ValueKind.Host);
    }

    private Captured ItemAt(Captured value, int position, ITypeSymbol type, IOperation place) =>
        session.Expressions.Reads.ItemAt(value.Register, session.Writer.Literal(position), place, type);

    private int? OfHost(Captured value, IPatternOperation pattern, IOperation place)
    {
        if (value.IsMissing || !session.Thunks.CheckType(pattern.InputType, pattern))
        {
            return Instruction.None;
        }

        var subject = session.Writer.DeclareTemporary(session.Types.Of(pattern.InputType));
        session.Writer.Emit(new StoreInstruction(subject, value.Register));
        return session.Patterns.Test(subject, pattern.InputType, [new CaseTest(pattern, null, [.. PatternCapture.Declarations(pattern)])], place);
    }

    private int? IsThere(Captured value, ITypeSymbol type, IOperation place) =>
        value.IsMissing ? Instruction.None
        : type.IsReferenceType || session.Types.IsTensor(type) ? session.Expressions.Conditionals.IsNull(value.Register, negated: true, place)
        : null;

    private int? Name(Captured value, ISymbol? symbol, IOperation place)
    {
        if (value.IsMissing)
        {
            return Instruction.None;
        }

        if (symbol is ILocalSymbol local)
        {
            session.Expressions.Assignments.Declare(local, value, place);
        }

        return null;
    }

    private int? Not(int? test, IOperation place) =>
        test is null ? session.Writer.Literal(false)
        : test == Instruction.None ? test
        : session.Writer.Emit(r => new HostInstruction(r, "not", "bool", [test.Value], session.Place(place)));

    private int Compare(string comparison, int left, int right, IOperation place) =>
        session.Writer.Emit(r => new HostInstruction(r, comparison, "bool", [left, right], session.Place(place)));

    /// <summary>The tests in order; one that does not fit ends them.</summary>
    private int? And(IReadOnlyList<Func<int?>> tests, IOperation place)
    {
        if (tests.Count == 0)
        {
            return null;
        }

        var first = tests[0]();
        ImmutableArray<Func<int?>> rest = [.. tests.Skip(1)];
        if (first is null || first == Instruction.None || rest.IsEmpty)
        {
            return first == Instruction.None || rest.IsEmpty ? first : And(rest, place);
        }

        var result = session.Writer.DeclareTemporary(session.Types.Of(session.Model.Compilation.GetSpecialType(SpecialType.System_Boolean)));
        var failed = false;
        var then = session.Writer.InBlock(() =>
        {
            var next = And(rest, place);
            failed = next == Instruction.None;
            if (!failed)
            {
                session.Writer.Emit(new StoreInstruction(result, next ?? session.Writer.Literal(true)));
            }
        });
        var otherwise = session.Writer.InBlock(() => session.Writer.Emit(new StoreInstruction(result, session.Writer.Literal(false))));
        if (failed)
        {
            return Instruction.None;
        }

        session.Writer.Emit(new IfInstruction(first.Value, then, otherwise, session.Place(place)));
        return session.Writer.Load(result);
    }
}
