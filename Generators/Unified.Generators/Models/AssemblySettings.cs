namespace Unified.Generators;

/// <summary>What the build says about the assembly.</summary>
/// <param name="SetsMode">It is an executable that uses the runtime: it decides the mode.</param>
/// <param name="Mode"><c>Eager</c> or <c>Graph</c>.</param>
/// <param name="HasCompiler">It references the compiler, so graphs can be compiled in the process.</param>
/// <param name="HasRuntime">It references the runtime.</param>
/// <param name="ArtifactName">The file of compiled graphs that it ships with; null: none.</param>
internal sealed record AssemblySettings(bool SetsMode, string Mode, bool HasCompiler, bool HasRuntime, string? ArtifactName);
