using System.Collections.Immutable;

namespace Unified.Generators;

/// <summary>Turns the names of public static graphs, plain types with tensors and the build's settings into the assembly's own file.</summary>
internal static class AssemblySource
{
    public static string Write(ImmutableArray<string> publicNames, ImmutableArray<PlainType> types, AssemblySettings settings)
    {
        var writer = new SourceWriter().Preamble();
        foreach (var name in publicNames.Distinct().OrderBy(n => n, StringComparer.Ordinal))
        {
            writer.Line($"[assembly: global::{KnownNames.IndexAttribute}({PackedLiteral.Plain(name)})]");
        }

        foreach (var type in types.OrderBy(t => t.Type, StringComparer.Ordinal))
        {
            writer.Line($"[assembly: global::{KnownNames.PlainTypeAttribute}(typeof({type.Type}), {type.Parameters}{string.Concat(type.Members.Select(m => $", {PackedLiteral.Plain(m)}"))})]");
        }

        if (settings.SetsMode)
        {
            writer.Line()
                .Open($"namespace {KnownNames.GeneratedNamespace}")
                .Open("file static class Initializer")
                .Line("[global::System.Runtime.CompilerServices.ModuleInitializer]")
                .Open("internal static void Initialize()")
                .Line($"global::Unified.Execution.SetBuildDefault(global::Unified.ExecutionMode.{settings.Mode});");
            if (settings.HasCompiler)
            {
                writer.Line($"global::{KnownNames.GraphRuntime}.UseCompiler(new global::{KnownNames.GraphCompiler}());");
            }

            if (settings.ArtifactName is { } artifact)
            {
                writer.Line($"global::{KnownNames.GraphRuntime}.UseArtifact({PackedLiteral.Plain(artifact)});");
            }

            writer.Close().Close().Close();
        }

        return writer.ToString();
    }
}
