using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns a <c>try</c> statement into its body, marked, and its <c>finally</c> block on each way out of it. Where something is thrown in it, now or when
/// the graph runs, the method runs eagerly: the <c>catch</c> blocks are no part of the graph.
/// </summary>
internal static class TryCapture
{
    public static void Capture(CaptureSession session, ITryOperation operation)
    {
        void Body()
        {
            var body = session.Writer.InBlock(() => session.Statements.Capture(operation.Body));
            session.Writer.Emit(new GuardedInstruction(body, session.Place(operation)));
        }

        if (operation.Finally is { } last)
        {
            session.Statements.Usings.Finally(Body, () => session.Statements.Capture(last));
        }
        else
        {
            Body();
        }
    }
}
