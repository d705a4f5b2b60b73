using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>ValueAndGrad(() => loss, wrt)</c>, and the other derivatives, into an instruction with the lambda as its block.</summary>
internal static class GradientCapture
{
    /// <summary>The derivatives by the names of their intrinsics.</summary>
    public static ImmutableHashSet<string> Intrinsics { get; } = ["value_and_grad", "grad", "vjp", "jvp", "jacobian_forward", "jacobian_reverse", "hessian"];

    public static Captured Capture(CaptureSession session, IInvocationOperation call, string intrinsic)
    {
        var function = call.Arguments.FirstOrDefault(a => a.Parameter?.Type.TypeKind == TypeKind.Delegate);
        ImmutableArray<IArgumentOperation> others = [.. call.Arguments.Where(a => a.Parameter?.Type.TypeKind != TypeKind.Delegate && a.ArgumentKind != ArgumentKind.DefaultValue)];
        if (function is null || others.IsEmpty)
        {
            return session.Refuse("UG009", call, "and it must be followed by the tensors to differentiate with respect to");
        }

        var kind = session.Types.KindOf(call.Type);
        if (session.Functions.Find(function.Value) is not { } differentiated || !differentiated.Method.Parameters.IsEmpty)
        {
            session.Report("UG009", function.Syntax, "the values it needs are captured from around it");
            return Captured.Missing(kind);
        }

        if (differentiated.Method.IsAsync)
        {
            session.Report("UG009", function.Syntax, "it cannot be async");
            return Captured.Missing(kind);
        }

        // In the order of the source: what the lists of parameters read is read before the lambda runs.
        var given = others.ToDictionary(a => a.Parameter!.Name, a => session.Expressions.Aggregates.Argument(a.Value), StringComparer.Ordinal);
        var failed = given.Values.Any(g => g.IsMissing);
        var body = session.Writer.InBlock(() =>
        {
            var value = session.Functions.Call(differentiated, call, []).Register;
            failed |= value == Instruction.None;
            return value;
        });
        if (failed)
        {
            return Captured.Missing(kind);
        }

        var wrt = given.TryGetValue("wrt", out var targets) ? targets.Register : given.Values.First().Register;
        var along = given.Where(g => g.Key != "wrt").Select(g => g.Value.Register).DefaultIfEmpty(Instruction.None).First();
        var result = session.Writer.Emit(r => intrinsic is "value_and_grad" or "grad"
            ? new ValueAndGradInstruction(r, body, wrt, session.Place(call))
            : new DerivativeInstruction(r, intrinsic, body, wrt, along, session.Place(call)));
        return new(intrinsic == "grad" ? Gradients(session, call, result) : SingleGradient(session, call, intrinsic) ? Unpack(session, call, result) : result, kind);
    }

    private static int Item(CaptureSession session, IOperation call, int list, int index)
    {
        var position = session.Writer.Literal(index);
        return session.Writer.Emit(r => new ItemInstruction(r, list, position, session.Place(call)));
    }

    private static int Gradients(CaptureSession session, IInvocationOperation call, int result)
    {
        var gradients = Item(session, call, result, 1);
        return session.Types.IsTensor(call.Type) ? Item(session, call, gradients, 0) : gradients;
    }

    /// <summary>The overload for one tensor returns its gradient by itself, not a list of one.</summary>
    private static bool SingleGradient(CaptureSession session, IInvocationOperation call, string intrinsic) =>
        intrinsic != "jvp" && call.Type is INamedTypeSymbol { IsTupleType: true, TupleElements: [_, var gradient] } && session.Types.IsTensor(gradient.Type);

    private static int Unpack(CaptureSession session, IInvocationOperation call, int result)
    {
        var loss = Item(session, call, result, 0);
        var gradient = Item(session, call, Item(session, call, result, 1), 0);
        return session.Writer.Emit(r => new ListInstruction(r, [loss, gradient], session.Place(call)));
    }
}
