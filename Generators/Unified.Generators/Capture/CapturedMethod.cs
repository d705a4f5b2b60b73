using Microsoft.CodeAnalysis.Text;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// What the capture makes of one method. Holds no symbols and no syntax. <see cref="Ir.Function"/> compares by reference:
/// a pipeline step that is to be cached packs it first.
/// </summary>
/// <param name="Function">Null when there are errors, or when the method has no body.</param>
internal sealed record CapturedMethod(
    Function? Function,
    EquatableArray<ThunkSource> Thunks,
    EquatableArray<CalleeSource> Callees,
    EquatableArray<CaptureDiagnostic> Diagnostics);

/// <summary>A host local, or a value computed in the graph, on its way into a thunk.</summary>
/// <param name="Type">Full name with <c>global::</c>.</param>
internal sealed record ThunkParameter(string Type, string Name);

/// <summary>The C# of a thunk: an expression that is valid inside the method's type, under the usings of the method's file.</summary>
/// <param name="ResultType">Full name with <c>global::</c>; <c>void</c> for a setter.</param>
/// <param name="Parameters">The last one of a setter is the new tensor.</param>
internal sealed record ThunkSource(
    int Number, string Expression, string ResultType, EquatableArray<ThunkParameter> Parameters, bool IsSetter, bool IsStatic);

/// <summary>A static graph that the method calls.</summary>
/// <param name="Key">Its documentation comment id.</param>
/// <param name="ContainingTypeFullName">With <c>global::</c>.</param>
/// <param name="IsVirtualOrInterface">The receiver's run-time type decides which method it means.</param>
/// <param name="IsBaseCall">It means this very method, whatever overrides it.</param>
/// <param name="ReceiverType">Static type of the receiver with <c>global::</c>; empty for a static method.</param>
/// <param name="TypeArguments"><c>&lt;global::Ns.A, T&gt;</c> where its graph is found by them; else empty.</param>
internal sealed record CalleeSource(
    int Number, string Key, string ContainingTypeFullName, bool IsVirtualOrInterface, bool IsBaseCall, string CompanionName, string ReceiverType, string TypeArguments);

/// <summary>A row of <see cref="DiagnosticTable"/> at a place.</summary>
internal sealed record CaptureDiagnostic(
    string Id, string FilePath, TextSpan Span, LinePositionSpan Lines, EquatableArray<string> Arguments);
