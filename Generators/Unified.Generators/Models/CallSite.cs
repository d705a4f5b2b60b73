namespace Unified.Generators;

/// <summary>A call of a static graph that can be intercepted.</summary>
/// <param name="Attribute">The text of its <c>[InterceptsLocation]</c>.</param>
internal sealed record CallSite(MethodSignature Target, string Attribute);
