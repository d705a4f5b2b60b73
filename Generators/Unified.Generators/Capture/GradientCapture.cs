using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>ValueAndGrad(() => loss, wrt)</c> into a ValueAndGrad instruction with the lambda as its block.</summary>
internal static class GradientCapture
{
    public static Captured Capture(CaptureSession session, IInvocationOperation call)
    {
        var function = call.Arguments.FirstOrDefault(a => a.Parameter?.Type.TypeKind == TypeKind.Delegate);
        var wrt = call.Arguments.FirstOrDefault(a => a.Parameter?.Type.TypeKind != TypeKind.Delegate && a.ArgumentKind != ArgumentKind.DefaultValue);
        if (function is null || wrt is null)
        {
            return session.Refuse("UG009", call, "and it must be followed by the tensors to differentiate with respect to");
        }

        if (session.Functions.Find(function.Value) is not { } differentiated || !differentiated.Method.Parameters.IsEmpty)
        {
            session.Report("UG009", function.Syntax, "the values it needs are captured from around it");
            return Captured.Missing(ValueKind.Aggregate);
        }

        if (differentiated.Method.IsAsync)
        {
            session.Report("UG009", function.Syntax, "it cannot be async");
            return Captured.Missing(ValueKind.Aggregate);
        }

        // In the order of the source: what the list of parameters reads is read before the lambda runs.
        var targets = session.Expressions.Aggregates.Argument(wrt.Value);
        var failed = targets.IsMissing;
        var body = session.Writer.InBlock(() =>
        {
            var loss = session.Functions.Call(differentiated, call, []).Register;
            failed |= loss == Instruction.None;
            return loss;
        });
        if (failed)
        {
            return Captured.Missing(ValueKind.Aggregate);
        }

        var result = session.Writer.Emit(r => new ValueAndGradInstruction(r, body, targets.Register, session.Place(call)));
        return new(SingleGradient(session, call) ? Unpack(session, call, result) : result, ValueKind.Aggregate);
    }

    /// <summary>The overload for one tensor returns its gradient by itself, not a list of one.</summary>
    private static bool SingleGradient(CaptureSession session, IInvocationOperation call) =>
        call.Type is INamedTypeSymbol { IsTupleType: true, TupleElements: [_, var gradient] } && session.Types.IsTensor(gradient.Type);

    private static int Unpack(CaptureSession session, IInvocationOperation call, int result)
    {
        var zero = session.Writer.Literal(0);
        var one = session.Writer.Literal(1);
        int Item(int list, int index) => session.Writer.Emit(r => new ItemInstruction(r, list, index, session.Place(call)));
        var loss = Item(result, zero);
        var gradient = Item(Item(result, one), zero);
        return session.Writer.Emit(r => new ListInstruction(r, [loss, gradient], session.Place(call)));
    }
}
