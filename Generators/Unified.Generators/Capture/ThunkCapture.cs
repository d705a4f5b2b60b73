using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;
using Unified.Ir;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Generators;

/// <summary>
/// Turns a host expression into a thunk: its own text, over the locals it reads. Parts that belong to the graph but have a
/// host value, such as <c>x.Shape[0]</c>, are captured before it and passed in under a made-up name.
/// </summary>
internal sealed class ThunkCapture(CaptureSession session)
{
    private const int LongestName = 60;

    /// <summary>A thunk under construction.</summary>
    private sealed class Draft(IOperation root)
    {
        public IOperation Root { get; } = root;

        public List<(TextSpan Span, string Text)> Replacements { get; } = [];

        public List<ISymbol> Locals { get; } = [];

        public List<int> Loads { get; } = [];

        public List<(string Name, ITypeSymbol Type, int Register)> Holes { get; } = [];

        public bool IsRefused { get; set; }
    }

    /// <summary>Evaluates the expression as a thunk, converted to its type.</summary>
    public Captured Capture(IOperation operation)
    {
        var kind = session.Types.KindOf(operation.Type);
        if (session.Patterns.Declared(operation) is { IsEmpty: false } variables)
        {
            return session.Patterns.Check(variables, operation) && Make(operation, variables) is var (tuple, parts)
                ? session.Patterns.Unpack(
                    session.Writer.Emit(r => new ThunkInstruction(r, tuple, parts, session.Place(operation))), operation.Type!, variables, operation)
                : Captured.Missing(kind);
        }

        if (Make(operation) is not var (thunk, arguments))
        {
            return Captured.Missing(kind);
        }

        var result = session.Writer.Emit(r => new ThunkInstruction(r, thunk, arguments, session.Place(operation)));
        return new(result, session.Types.StaysOfHost(operation.Type) ? ValueKind.Host : kind);
    }

    /// <summary>The thunk's number and the registers of its arguments; null after an error.</summary>
    public (int Thunk, ImmutableArray<int> Arguments)? Make(IOperation operation) => Make(operation, []);

    private (int Thunk, ImmutableArray<int> Arguments)? Make(IOperation operation, ImmutableArray<DeclaredVariable> variables)
    {
        if (operation.DescendantsAndSelf().Select(FileLocal).FirstOrDefault(t => t is not null) is { } local)
        {
            session.Report("UG014", operation.Syntax, Places.OneLine(operation.Syntax.ToString(), LongestName), local.ToDisplayString());
            return null;
        }

        var draft = new Draft(operation);
        Collect(operation, draft);
        if (draft.IsRefused || !CheckType(operation.Type, operation) || !CheckClosures(operation))
        {
            return null;
        }

        NameCaller(draft);

        var parameters = Parameters(draft);
        if (parameters is null)
        {
            return null;
        }

        session.State.NoteReads(operation);
        var thunk = session.Writer.AddThunk(
            new Thunk(
                Places.OneLine(operation.Syntax.ToString(), LongestName),
                session.Types.Of(operation.Type),
                ArgumentTypes(draft),
                session.Guards.IsGuard(operation)),
            variables.IsEmpty ? Text(draft) : PatternCapture.Text(Text(draft), operation.Type, variables),
            variables.IsEmpty ? FullName(operation.Type!) : PatternCapture.ResultType(operation.Type!, variables),
            [.. parameters],
            isSetter: false,
            session.Method.IsStatic);
        if (variables.IsEmpty)
        {
            session.Origins.Thunks[thunk] = operation;
        }

        return (thunk, Arguments(draft));
    }

    /// <summary>
    /// The setter of a tensor field and the getter of the same field. Null after an error.
    /// </summary>
    public (int Setter, int Getter, ImmutableArray<int> Arguments)? MakeSetter(IOperation field)
    {
        var draft = new Draft(field);
        Collect(field, draft);
        if (draft.IsRefused || Parameters(draft) is not { } parameters)
        {
            return null;
        }

        var text = Text(draft);
        var type = FullName(field.Type!);
        var name = Places.OneLine(field.Syntax.ToString(), LongestName);
        var getter = session.Writer.AddThunk(
            new Thunk(name, session.Types.Of(field.Type), ArgumentTypes(draft), session.Guards.IsGuard(field)),
            text, type, [.. parameters], isSetter: false, session.Method.IsStatic);
        var setter = session.Writer.AddThunk(
            new Thunk(name + " =", ValueType.Void, ArgumentTypes(draft).Add(ValueType.Tensor), IsGuard: false),
            $"{text} = __value", "void", [.. parameters, new ThunkParameter(type, "__value")], isSetter: true, session.Method.IsStatic);
        return (setter, getter, Arguments(draft));
    }

    /// <summary>A thunk over given locals, for text the user did not write in one piece.</summary>
    public Captured Evaluate(string expression, ITypeSymbol type, bool isGuard, IOperation place, params (int Local, ITypeSymbol Type)[] locals)
    {
        return new(Evaluate(expression, session.Types.Of(type), FullName(type), isGuard, place, locals), session.Types.KindOf(type));
    }

    /// <summary>The register of what a thunk of the text gives, by the name of its type.</summary>
    public int Evaluate(string expression, ValueType type, string typeName, bool isGuard, IOperation place, params (int Local, ITypeSymbol Type)[] locals)
    {
        var thunk = session.Writer.AddThunk(
            new Thunk(Places.OneLine(expression, LongestName), type, [.. locals.Select(l => session.Writer[l.Local].Type)], isGuard),
            expression,
            typeName,
            [.. locals.Select(l => new ThunkParameter(FullName(l.Type), Escape(session.Writer[l.Local].Name)))],
            isSetter: false,
            session.Method.IsStatic);
        ImmutableArray<int> arguments = [.. locals.Select(l => session.Writer.Load(l.Local))];
        return session.Writer.Emit(r => new ThunkInstruction(r, thunk, arguments, session.Place(place)));
    }

    public static string FullName(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    /// <summary>Whether values of the type can travel between host expressions; reports if not.</summary>
    public bool CheckType(ITypeSymbol? type, IOperation operation)
    {
        if (type is not null && !IsUnnameable(type))
        {
            return true;
        }

        session.Report("UG014", operation.Syntax, Places.OneLine(operation.Syntax.ToString(), LongestName), type?.ToDisplayString() ?? "none");
        return false;
    }

    /// <summary>
    /// A lambda that outlives its expression sees later values of the variables around it, and a thunk has only their present ones. Reports
    /// such a variable.
    /// </summary>
    private bool CheckClosures(IOperation operation)
    {
        if (operation.Type is null or { IsValueType: true } or { SpecialType: SpecialType.System_String } or IArrayTypeSymbol)
        {
            return true;
        }

        foreach (var lambda in operation.DescendantsAndSelf().OfType<IAnonymousFunctionOperation>())
        {
            if (session.Hosts.Read(lambda).Locals.Any(session.Hosts.IsAssigned))
            {
                session.Report("UG008", lambda.Syntax, "A lambda that outlives its expression and uses a variable that changes");
                return false;
            }
        }

        return true;
    }

    private void Collect(IOperation operation, Draft draft)
    {
        var reading = session.Hosts.Read(operation, draft.Root.Syntax.Span);
        if (reading.IsPure)
        {
            foreach (var local in reading.Locals.Where(l => !draft.Locals.Contains(l, SymbolEqualityComparer.Default)))
            {
                // Read now: a function or an increment in a later part may change it.
                draft.Locals.Add(local);
                draft.Loads.Add(session.Writer.Load(session.Writer.Find(local)!.Value));
            }
        }
        else if (operation != draft.Root && IsHole(operation, draft.Root.Syntax.Span))
        {
            AddHole(operation, draft);
        }
        else if (operation is IAnonymousFunctionOperation)
        {
            session.Report("UG008", operation.Syntax, "A lambda that uses values of the graph");
            draft.IsRefused = true;
        }
        else
        {
            foreach (var child in operation.ChildOperations)
            {
                Collect(child, draft);
            }
        }
    }

    private bool IsHole(IOperation operation, TextSpan scope) =>
        session.Hosts.BelongsToGraph(operation, scope)
        || HostArithmetic.Find(operation) is not null
        || operation is IConditionalOperation or IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr };

    private void AddHole(IOperation operation, Draft draft)
    {
        var value = session.Expressions.Capture(operation);
        if (value.IsMissing || operation.Type is null)
        {
            draft.IsRefused = true;
            return;
        }

        if (value.Kind != ValueKind.Host)
        {
            session.Report(
                "UG011", operation.Syntax, Places.OneLine(operation.Syntax.ToString(), LongestName), Places.OneLine(draft.Root.Syntax.ToString(), LongestName));
            draft.IsRefused = true;
            return;
        }

        var name = $"__h{draft.Holes.Count}";
        draft.Holes.Add((name, operation.Type, value.Register));

        // The a of "a?.B" stands before B, which begins with the dot or the bracket.
        draft.Replacements.Add((operation is IConditionalAccessInstanceOperation ? new TextSpan(Binding(draft.Root.Syntax).SpanStart, 0) : operation.Syntax.Span, name));
    }

    private static SyntaxNode Binding(SyntaxNode root) =>
        root.DescendantNodesAndSelf().FirstOrDefault(n => n is MemberBindingExpressionSyntax or ElementBindingExpressionSyntax) ?? root;

    private ImmutableArray<ThunkParameter>? Parameters(Draft draft)
    {
        var parameters = ImmutableArray.CreateBuilder<ThunkParameter>();
        var fine = true;
        foreach (var local in draft.Locals)
        {
            var type = HostReader.TypeOf(local)!;
            fine &= CheckType(type, draft.Root);
            parameters.Add(new ThunkParameter(FullName(type), Escape(local.Name)));
        }

        foreach (var (name, type, _) in draft.Holes)
        {
            fine &= CheckType(type, draft.Root);
            parameters.Add(new ThunkParameter(FullName(type), name));
        }

        return fine ? parameters.ToImmutable() : null;
    }

    private ImmutableArray<ValueType> ArgumentTypes(Draft draft) =>
        [.. draft.Locals.Select(l => session.Types.Of(HostReader.TypeOf(l))), .. draft.Holes.Select(h => session.Types.Of(h.Type))];

    private ImmutableArray<int> Arguments(Draft draft) =>
        [.. draft.Loads, .. draft.Holes.Select(h => h.Register)];

    private static string Text(Draft draft)
    {
        var root = HostReader.Unwrap(draft.Root);
        switch (root)
        {
            // Written without, with and without "this": one text, so that it is one thunk.
            case IMemberReferenceOperation { Instance: IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } self } member
                when member is IFieldReferenceOperation or IPropertyReferenceOperation { Arguments.Length: 0 } && !self.Syntax.IsKind(SyntaxKind.BaseExpression):
                return "this." + Escape(member.Member.Name);
            case IDefaultValueOperation { IsImplicit: true, Type: { } type }:
                return $"default({FullName(type)})";

            // The default of an optional argument is written nowhere in the method.
            case { IsImplicit: true, ConstantValue: { HasValue: true, Value: IFormattable value } }:
                return $"({FullName(draft.Root.Type!)})({value.ToString(null, System.Globalization.CultureInfo.InvariantCulture)})";
        }

        var text = root.Syntax.ToString();
        foreach (var (span, name) in draft.Replacements.OrderByDescending(r => r.Span.Start))
        {
            // What a name replaces may end, or begin, with a sign that needs no blank after it: Max(x)is > 0.
            var start = span.Start - root.Syntax.SpanStart;
            var (before, after) = (text.Substring(0, start), text.Substring(start + span.Length));
            text = before + (before.Length > 0 && SyntaxFacts.IsIdentifierPartCharacter(before[before.Length - 1]) ? " " : "")
                + name + (after.Length > 0 && SyntaxFacts.IsIdentifierPartCharacter(after[0]) ? " " : "") + after;
        }

        // A condition of a type with an operator true: the operator is written nowhere.
        text = root is IUnaryOperation { OperatorKind: UnaryOperatorKind.True } ? $"({text}) ? true : false" : text;
        return Overflow(root) is { } context ? $"{context}({text})" : text;
    }

    /// <summary>The keyword <c>checked</c> or <c>unchecked</c> of the block or parentheses around arithmetic; null where there is none.</summary>
    private static string? Overflow(IOperation root) => root is ICollectionExpressionOperation
        || !root.DescendantsAndSelf().Any(o => o is IBinaryOperation or IUnaryOperation or IConversionOperation or IIncrementOrDecrementOperation)
            ? null
            : root.Syntax.Ancestors().TakeWhile(a => a is not MemberDeclarationSyntax).Select(a => a switch
            {
                CheckedStatementSyntax s => s.Keyword.ValueText,
                CheckedExpressionSyntax e => e.Keyword.ValueText,
                _ => null,
            }).FirstOrDefault(k => k is not null);

    // A name or line of the caller is that of the user's method, not of the thunk.
    private static void NameCaller(Draft draft)
    {
        foreach (var argument in draft.Root.DescendantsAndSelf().OfType<IArgumentOperation>().Where(a => a.ArgumentKind == ArgumentKind.DefaultValue))
        {
            if (argument is { Parameter: { } parameter, Value.ConstantValue: { HasValue: true, Value: { } value } }
                && parameter.GetAttributes().Any(a => a.AttributeClass?.Name is "CallerMemberNameAttribute" or "CallerLineNumberAttribute" or "CallerFilePathAttribute")
                && argument.Parent?.Syntax.ChildNodes().OfType<ArgumentListSyntax>().FirstOrDefault() is { } list
                && !draft.Replacements.Any(r => r.Span.Contains(list.Span)))
            {
                var text = $"{(list.Arguments.Count > 0 || draft.Replacements.Any(r => r.Span.Start == list.CloseParenToken.SpanStart) ? ", " : "")}{Escape(parameter.Name)}: {SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false)}";
                draft.Replacements.Add((new TextSpan(list.CloseParenToken.SpanStart, 0), text));
            }
        }
    }

    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None ? "@" + name : name;

    /// <summary>A type of this file only, which generated code cannot see.</summary>
    private static INamedTypeSymbol? FileLocal(IOperation operation) =>
        operation.Type is INamedTypeSymbol { IsFileLocal: true } type ? type
        : operation switch
        {
            IMemberReferenceOperation m => m.Member.ContainingType,
            IInvocationOperation i => i.TargetMethod.ContainingType,
            _ => null,
        } is { IsFileLocal: true } owner ? owner : null;

    private static bool IsUnnameable(ITypeSymbol type) => type switch
    {
        _ when type.IsRefLikeType || type.IsAnonymousType || type.SpecialType == SpecialType.System_Void => true,
        IPointerTypeSymbol or IFunctionPointerTypeSymbol => true,
        IArrayTypeSymbol array => IsUnnameable(array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.Any(IsUnnameable),
        _ => false,
    };
}
