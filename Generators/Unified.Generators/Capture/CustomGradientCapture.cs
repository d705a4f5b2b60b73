using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>CustomGradient(f, wrt, backward)</c>, and what else changes the way back, into instructions with the lambdas as their blocks.</summary>
internal static class CustomGradientCapture
{
    /// <summary><c>OnGradient(x, hook)</c>: x, whose cotangent goes through the hook.</summary>
    public static Captured Hook(CaptureSession session, IInvocationOperation call)
    {
        IArgumentOperation Argument(string name) => call.Arguments.First(a => a.Parameter?.Name == name);
        var hook = Argument("hook");
        if (session.Functions.Find(hook.Value) is not { Method.IsAsync: false } function)
        {
            session.Report("UG009", hook.Syntax, "from the gradient that arrives to the one that goes on");
            return Captured.Missing(ValueKind.Tensor);
        }

        var x = session.Expressions.Capture(Argument("x").Value);
        var failed = x.IsMissing;
        var way = session.Writer.InBlock(() =>
        {
            var first = session.Writer.Literal(0);
            var cotangent = session.Writer.Emit(r => new ExampleInstruction(r, first, session.Place(call)));
            var gradient = session.Functions.Call(function, call, [new Captured(cotangent, ValueKind.Tensor)]);
            failed |= gradient.IsMissing;
            return gradient.Register;
        });
        return failed ? Captured.Missing(ValueKind.Tensor)
            : new(session.Writer.Emit(r => new CustomGradientInstruction(r, new Block([], x.Register), x.Register, way, session.Place(call))), ValueKind.Tensor);
    }

    /// <summary><c>Checkpoint(f)</c>.</summary>
    public static Captured Checkpoint(CaptureSession session, IInvocationOperation call)
    {
        if (session.Functions.Find(call.Arguments[0].Value) is not { Method.IsAsync: false } function)
        {
            session.Report("UG009", call.Arguments[0].Syntax, "the values it needs are captured from around it");
            return Captured.Missing(ValueKind.Tensor);
        }

        var failed = false;
        var body = session.Writer.InBlock(() =>
        {
            var value = session.Functions.Call(function, call, []);
            failed = value.IsMissing || value.Register == Instruction.None;
            return value.Register;
        });
        return failed ? Captured.Missing(ValueKind.Tensor)
            : new(session.Writer.Emit(r => new CheckpointInstruction(r, body, session.Place(call))), ValueKind.Tensor);
    }

    public static Captured Capture(CaptureSession session, IInvocationOperation call)
    {
        IArgumentOperation Argument(string name) => call.Arguments.First(a => a.Parameter?.Name == name);
        var (f, wrt, backward) = (Argument("f"), Argument("wrt"), Argument("backward"));
        if (session.Functions.Find(f.Value) is not { Method.IsAsync: false } function || session.Functions.Find(backward.Value) is not { Method.IsAsync: false } back)
        {
            session.Report("UG009", f.Syntax, "and so must the way back");
            return Captured.Missing(ValueKind.Tensor);
        }

        var targets = session.Expressions.Aggregates.Argument(wrt.Value);
        var failed = targets.IsMissing;
        int Yielded(Captured value)
        {
            failed |= value.IsMissing || value.Register == Instruction.None;
            return value.Register;
        }

        var body = session.Writer.InBlock(() => Yielded(session.Functions.Call(function, call, [])));
        var way = session.Writer.InBlock(() =>
        {
            var first = session.Writer.Literal(0);
            var cotangent = session.Writer.Emit(r => new ExampleInstruction(r, first, session.Place(call)));
            return Yielded(session.Functions.Call(back, call, [new Captured(cotangent, ValueKind.Tensor)]));
        });
        return failed ? Captured.Missing(ValueKind.Tensor)
            : new(session.Writer.Emit(r => new CustomGradientInstruction(r, body, targets.Register, way, session.Place(call))), ValueKind.Tensor);
    }
}
