using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Unified.Generators;

/// <summary>Turns build properties and references into <see cref="AssemblySettings"/>.</summary>
internal static class ReadSettings
{
    private const string ModeProperty = "build_property.UnifiedExecutionMode";
    private const string LowerProperty = "build_property.UnifiedLower";
    private const string EmitProperty = "build_property.UnifiedEmitIr";

    public static AssemblySettings Of(Compilation compilation, AnalyzerConfigOptionsProvider options)
    {
        options.GlobalOptions.TryGetValue(ModeProperty, out var mode);
        var isGraph = string.IsNullOrWhiteSpace(mode)
            ? compilation.Options.OptimizationLevel == OptimizationLevel.Release
            : string.Equals(mode!.Trim(), "graph", StringComparison.OrdinalIgnoreCase);
        var hasRuntime = compilation.GetTypeByMetadataName(KnownNames.GraphRuntime) is not null;
        var isExecutable = compilation.Options.OutputKind is OutputKind.ConsoleApplication or OutputKind.WindowsApplication;
        return new AssemblySettings(
            hasRuntime && isExecutable,
            isGraph ? "Graph" : "Eager",
            compilation.GetTypeByMetadataName(KnownNames.GraphCompiler) is not null,
            hasRuntime,
            options.GlobalOptions.TryGetValue(LowerProperty, out var lower) && string.Equals(lower.Trim(), "true", StringComparison.OrdinalIgnoreCase)
                ? $"{compilation.AssemblyName}.graphs"
                : null);
    }

    /// <summary>Companions carry the text of their IR as a comment.</summary>
    public static bool EmitsIrText(AnalyzerConfigOptionsProvider options) =>
        options.GlobalOptions.TryGetValue(EmitProperty, out var value) && string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
}
