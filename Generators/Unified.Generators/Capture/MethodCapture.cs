using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Generators;

/// <summary>Turns a <c>[StaticGraph]</c> method's operation tree into a Function, the C# text of its thunks, and located diagnostics.</summary>
internal static class MethodCapture
{
    /// <summary>
    /// Captures the method. A method without a body, or one that does not compile, gives neither a function nor diagnostics.
    /// </summary>
    /// <param name="session">The caller's, which then knows where everything came from. Its model is that of the tree that holds the method's body.</param>
    public static CapturedMethod Capture(CaptureSession session)
    {
        var (method, model, ct) = (session.Method, session.Model, session.Cancellation);
        if (Declaration(method, model) is not { } declaration)
        {
            return Result(session, null);
        }

        if (model.GetOperation(declaration, ct) is not IMethodBodyOperation body || (body.BlockBody ?? body.ExpressionBody) is not { } block)
        {
            return Result(session, null);
        }

        session.Bodies.Add(body);
        if (body.Descendants().Any(o => o is IInvalidOperation || o.Type is IErrorTypeSymbol))
        {
            session.IsBroken = true;
            return Result(session, null);
        }

        var (parameters, taken) = Parameters(session);
        var captured = session.Writer.InBlock(() =>
        {
            taken.ForEach(p => session.Expressions.Records.Assemble(p.Parameter, p.FirstPart));
            DeclareResults(session);
            session.Statements.Capture(block);
            if (method.ReturnsVoid && session.HandsBack)
            {
                session.Statements.HandBack(null, block);
            }
        });
        var resultShape = ShapeAnnotations.Read(session, method.GetReturnTypeAttributes(), "result", method.ReturnType, declaration);
        var back = HandedBack(session, declaration);
        session.State.CheckReads();
        var key = method.OriginalDefinition.GetDocumentationCommentId();
        if (session.HasErrors || key is null)
        {
            return Result(session, null);
        }

        var writer = session.Writer;
        return Result(session, new Function(
            key,
            parameters,
            session.HandsBack ? new ValueType(ValueKind.Aggregate, $"({method.ReturnType.ToDisplayString()}, {string.Join(", ", back.Select(b => b.Type.Name))})") : session.Types.Of(method.ReturnType),
            writer.Locals,
            writer.Thunks,
            [.. writer.Callees.Select(c => c.Key)],
            captured,
            writer.RegisterCount,
            SignaturePlace(declaration)) { ResultShape = resultShape, HandedBack = back });
    }

    private static MethodDeclarationSyntax? Declaration(IMethodSymbol method, SemanticModel model) => method.DeclaringSyntaxReferences
        .Select(r => r.GetSyntax())
        .OfType<MethodDeclarationSyntax>()
        .FirstOrDefault(m => m.SyntaxTree == model.SyntaxTree && (m.Body is not null || m.ExpressionBody is not null));

    private static CapturedMethod Result(CaptureSession session, Function? function) => new(
        function,
        function is null ? [] : session.Writer.ThunkSources,
        function is null ? [] : session.Writer.Callees,
        session.IsBroken ? [] : session.Diagnostics);

    /// <summary>The parameters of the function, and those of the method that it takes in parts, with the local of the first.</summary>
    private static (ImmutableArray<FunctionParameter> Parameters, List<(IParameterSymbol Parameter, int FirstPart)> Taken) Parameters(CaptureSession session)
    {
        var method = session.Method;
        var parameters = ImmutableArray.CreateBuilder<FunctionParameter>();
        if (!method.IsStatic)
        {
            var self = session.Types.Of(method.ContainingType);
            session.Writer.Declare("this", self);
            parameters.Add(new FunctionParameter("this", self, null));
        }

        var taken = new List<(IParameterSymbol, int)>();
        foreach (var parameter in method.Parameters.Where(ArgumentParts.IsGiven))
        {
            if (ArgumentParts.Of(parameter.Type) is not null)
            {
                taken.Add((parameter, parameters.Count));
                foreach (var leaf in ArgumentParts.Leaves(parameter.Type))
                {
                    var name = parameter.Name + leaf.Member.Replace(".", "_").Replace("@", "");
                    var part = session.Types.Of(leaf.Type, session.Types.StaysOfHost(leaf.Type) ? ValueKind.Host : session.Types.KindOf(leaf.Type));
                    session.Writer.Declare(name, part);
                    parameters.Add(new FunctionParameter(name, part, null));
                }

                continue;
            }

            var type = session.Types.Of(parameter.Type, session.Types.StaysOfHost(parameter.Type) ? ValueKind.Host : session.Types.KindOf(parameter.Type));
            session.Writer.Declare(parameter, type);
            var syntax = parameter.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() ?? method.DeclaringSyntaxReferences[0].GetSyntax();
            parameters.Add(new FunctionParameter(
                parameter.Name, type, ShapeAnnotations.Read(session, parameter.GetAttributes(), parameter.Name, parameter.Type, syntax)));
        }

        return (parameters.ToImmutable(), taken);
    }

    // A variable that the method sets before anything reads it.
    private static void DeclareResults(CaptureSession session)
    {
        foreach (var parameter in session.Method.Parameters.Where(p => !ArgumentParts.IsGiven(p)))
        {
            session.Writer.Declare(parameter, session.Types.Of(parameter.Type));
        }
    }

    private static ImmutableArray<FunctionParameter> HandedBack(CaptureSession session, SyntaxNode declaration) =>
        [.. session.Method.Parameters.Where(ArgumentParts.IsHandedBack).Select(p => new FunctionParameter(
            p.Name, session.Types.Of(p.Type), ArgumentParts.IsGiven(p) ? null : ShapeAnnotations.Read(session, p.GetAttributes(), p.Name, p.Type, declaration)))];

    /// <summary>The place of the method's name, with the signature as text.</summary>
    private static SourceSpan SignaturePlace(MethodDeclarationSyntax declaration)
    {
        var whole = Places.Of(declaration);
        var line = declaration.SyntaxTree.GetMappedLineSpan(declaration.Identifier.Span).StartLinePosition;
        var text = $"{declaration.ReturnType} {declaration.Identifier}{declaration.ParameterList}";
        return whole with { Line = line.Line + 1, Column = line.Character + 1, Text = Places.OneLine(text, 120) };
    }
}
