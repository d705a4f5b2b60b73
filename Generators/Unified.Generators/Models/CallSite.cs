namespace Unified.Generators;

/// <summary>A call of a static graph that can be intercepted.</summary>
/// <param name="Attribute">The text of its <c>[InterceptsLocation]</c>.</param>
/// <param name="IsEager">It passes a reference to something that the method may reach by itself, too: a graph would not see the one change with the other.</param>
internal sealed record CallSite(MethodSignature Target, string Attribute, bool IsEager);
