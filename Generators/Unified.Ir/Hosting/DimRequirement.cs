namespace Unified.Ir;

/// <summary>
/// A graph is right only for sizes where <paramref name="NonNegative"/> ≥ 0; for others the method must run eagerly. It
/// comes from an index into a named dim, or from a host check that throws, both decided by sizes that stay symbolic.
/// </summary>
/// <param name="Message">What would go wrong otherwise.</param>
public sealed record DimRequirement(Dim NonNegative, string Message, SourceSpan? Source = null);
