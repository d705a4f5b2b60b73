using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>Vmap(x => …, xs)</c> into a Vmap instruction with the lambda as its block.</summary>
internal static class VmapCapture
{
    public static Captured Capture(CaptureSession session, IInvocationOperation call)
    {
        var kind = session.Types.KindOf(call.Type);
        var function = call.Arguments.First(a => a.Parameter?.Type.TypeKind == TypeKind.Delegate);
        if (session.Functions.Find(function.Value) is not { Method.IsAsync: false } mapped)
        {
            session.Report("UG009", function.Syntax, "its parameters are one example each");
            return Captured.Missing(kind);
        }

        // In the order of the source.
        var given = call.Arguments.Where(a => !ReferenceEquals(a, function))
            .ToDictionary(a => a.Parameter!.Name, a => session.Expressions.Capture(a.Value), StringComparer.Ordinal);
        var failed = given.Values.Any(g => g.IsMissing);
        ImmutableArray<int> inputs = [.. call.TargetMethod.Parameters.Where(p => session.Types.IsTensor(p.Type)).Select(p => given[p.Name].Register)];
        ImmutableArray<int> axes = [.. call.TargetMethod.Parameters.Where(p => p.Name is "axis" or "yAxis").Select(p => given[p.Name].Register)];
        var body = session.Writer.InBlock(() =>
        {
            var examples = inputs.Select((_, i) =>
            {
                var number = session.Writer.Literal(i);
                return new Captured(session.Writer.Emit(r => new ExampleInstruction(r, number, session.Place(call))), ValueKind.Tensor);
            });
            var value = session.Functions.Call(mapped, call, [.. examples]).Register;
            failed |= value == Instruction.None;
            return value;
        });
        return failed ? Captured.Missing(kind)
            : new(session.Writer.Emit(r => new VmapInstruction(r, body, inputs, axes, given["outAxis"].Register, session.Place(call))), kind);
    }
}
