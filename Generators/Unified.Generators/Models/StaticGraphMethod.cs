using Microsoft.CodeAnalysis.Text;

namespace Unified.Generators;

/// <summary>A captured method on its way to its companion: text and numbers only, so that the pipeline can compare it.</summary>
/// <param name="Packed">The IR; null where the method is eager only.</param>
/// <param name="Text">The IR's text form, when the build asked for it.</param>
/// <param name="Inferred">Its parameters and result with the shapes that are known before anything runs; null where the method is eager only.</param>
/// <param name="Guards">The thunks whose value is checked again at each call.</param>
/// <param name="Usings">What the method's file says before the type, so that its expressions mean the same elsewhere.</param>
/// <param name="Failure">The capture itself failed.</param>
internal sealed record StaticGraphMethod(
    MethodSignature Signature,
    string? Packed,
    string? Text,
    string? Inferred,
    EquatableArray<ThunkSource> Thunks,
    EquatableArray<int> Guards,
    EquatableArray<CalleeSource> Callees,
    UsingText Usings,
    InternalFailure? Failure);

/// <summary>The using directives of a file, outside of and inside of its namespace.</summary>
internal sealed record UsingText(string Outer, string Inner);

/// <summary>An exception inside the generator, and where it was at work.</summary>
internal sealed record InternalFailure(string Method, string Message, string FilePath, TextSpan Span, LinePositionSpan Lines);
