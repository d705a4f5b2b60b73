using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Unified.Ir;
using static Unified.Generators.Shapes.InferShapes;

namespace Unified.Generators.Shapes;

/// <summary>Ops by their own rules, static graphs by the [Shape]s they promise.</summary>
internal static class CallShapes
{
    public static ImmutableArray<KeyValuePair<Type, Func<ShapeFrame, Instruction, bool>>> Rows { get; } =
    [
        Row<ApplyInstruction>(Apply),
        Row<CallInstruction>(Call),
    ];

    /// <summary>A result against the method's own <c>[return: Shape]</c>.</summary>
    public static void CheckResult(ShapeFrame frame, ReturnInstruction step, TensorFact result)
    {
        var method = frame.Session.Method;
        if (ShapeContract.Of(method.GetReturnTypeAttributes(), frame.Session.Types) is { } contract && contract.IsBrokenBy(result, frame.Scope))
        {
            var syntax = frame.SyntaxOf(step) switch
            {
                ReturnStatementSyntax { Expression: { } value } => value,
                ArrowExpressionClauseSyntax arrow => arrow.Expression,
                var other => other,
            };
            frame.Report("UG022", syntax ?? frame.ResultSyntax(step), frame.Describe(step.Value), method.Name, contract.Text(frame.Scope));
        }
    }

    private static void Apply(ShapeFrame frame, ApplyInstruction step)
    {
        var op = OpTable.Get(step.Op);
        frame[step.Result] = op.ResultCount == 1 ? TensorFact.Unknown : Fact.Nothing;
        if (OpArguments.Bind(frame, op, step) is not { } call)
        {
            return;
        }

        var outcome = OpWorlds.Ask(op, call.Operands, call.Attributes, frame.Unknown);
        if (outcome.Results is [var result])
        {
            var source = call.Operands.FirstOrDefault(o => !o.SaysNothing && !o.IsNumber)?.Root;
            frame[step.Result] = result with { From = step.Source?.Text ?? "", Root = source ?? "" };
        }
        else if (outcome.Results is { } results)
        {
            frame[step.Result] = new ListFact([.. results.Select(r => r with { From = step.Source?.Text ?? "" })]);
        }
        else if (outcome.Fault is { } fault && !(fault.IsAboutDType && frame.MixedPrecisions > 0))
        {
            var known = call.Registers.Select(frame.DescribeAny).OfType<string>().Distinct();
            frame.Report(fault.IsAboutDType ? "UG021" : "UG020", frame.SyntaxOf(step), string.Join("; ", known), fault.Why ?? fault.Message);
        }
    }

    private static void Call(ShapeFrame frame, CallInstruction step)
    {
        if (!frame.Session.Origins.Callees.TryGetValue(step.Callee, out var method))
        {
            frame.SetNothing(step.Result);
            return;
        }

        var receiver = method.IsStatic ? null : frame[step.Arguments[0]] as ObjectFact;
        method = Actual(method, receiver);
        var scope = new ContractScope(receiver);
        var first = method.IsStatic ? 0 : 1;
        foreach (var parameter in method.Parameters.Where(ArgumentParts.IsGiven))
        {
            var register = step.Arguments[first + ArgumentParts.Before(parameter)];
            if (frame[register] is TensorFact tensor && ShapeContract.Of(parameter.GetAttributes(), frame.Session.Types) is { } contract
                && contract.IsBrokenBy(tensor, scope))
            {
                var callee = method.IsStatic ? method.Name : frame.NameOf(step.Arguments[0]) is "this" ? method.Name : frame.NameOf(step.Arguments[0]);
                frame.Report(
                    "UG023", frame.ArgumentSyntax(step, parameter.Ordinal), frame.Describe(register), callee, contract.Text(scope), Source(receiver, parameter.Name));
            }
        }

        var promised = step.Result == Instruction.None ? Fact.Nothing : Promised(method.ReturnType, method.GetReturnTypeAttributes(), ResultSource(receiver, method));
        var back = method.Parameters.Where(ArgumentParts.IsHandedBack).Select(p => Promised(
            p.Type, ArgumentParts.IsGiven(p) ? [] : p.GetAttributes(), Source(receiver, p.Name)));
        if (step.Result != Instruction.None)
        {
            frame[step.Result] = method.Parameters.Any(ArgumentParts.IsHandedBack) ? new ListFact(method.ReturnsVoid ? [.. back] : [promised, .. back]) : promised;
        }

        Fact Promised(ITypeSymbol type, ImmutableArray<AttributeData> attributes, string source) => !frame.Session.Types.IsTensor(type) ? Fact.Nothing
            : ShapeContract.Of(attributes, frame.Session.Types)?.Tensor(scope, frame.Unknown, source) ?? TensorFact.Unknown;
    }

    private static string Source(ObjectFact? receiver, string parameter) =>
        receiver is { Text.Length: > 0 } ? receiver.Text : $"the [Shape] of its parameter {parameter}";

    private static string ResultSource(ObjectFact? receiver, IMethodSymbol method) =>
        receiver is { Text.Length: > 0 } ? receiver.Text : $"the [return: Shape] of {method.Name}";

    /// <summary>The override that an object of a known class has.</summary>
    private static IMethodSymbol Actual(IMethodSymbol method, ObjectFact? receiver)
    {
        for (var type = receiver is { Text.Length: > 0 } ? receiver.Type : null; type is not null && method.IsVirtual | method.IsAbstract | method.IsOverride; type = type.BaseType)
        {
            if (type.GetMembers(method.Name).OfType<IMethodSymbol>().FirstOrDefault(m => Overrides(m, method)) is { } found)
            {
                return found;
            }
        }

        return method;
    }

    private static bool Overrides(IMethodSymbol method, IMethodSymbol above)
    {
        for (var at = method; at is not null; at = at.OverriddenMethod)
        {
            if (SymbolEqualityComparer.Default.Equals(at.OriginalDefinition, above.OriginalDefinition))
            {
                return true;
            }
        }

        return false;
    }
}
