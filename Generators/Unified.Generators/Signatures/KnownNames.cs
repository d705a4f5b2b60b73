namespace Unified.Generators;

/// <summary>The names that generated code and the user's code share.</summary>
internal static class KnownNames
{
    public const string StaticGraphAttribute = "Unified.StaticGraphAttribute";
    public const string EagerAttribute = "Unified.EagerAttribute";
    public const string OpAttribute = "Unified.OpAttribute";
    public const string IntrinsicAttribute = "Unified.IntrinsicAttribute";
    public const string IndexAttribute = "Unified.StaticGraphIndexAttribute";
    public const string PlainTypeAttribute = "Unified.PlainTypeAttribute";
    public const string NotStateAttribute = "Unified.Nn.NotStateAttribute";
    public const string Tensor = "Unified.Tensor";
    public const string Module = "Unified.Nn.Module";
    public const string GraphRuntime = "Unified.GraphRuntime";
    public const string GraphCompiler = "Unified.Lowering.GraphCompiler";
    public const string GeneratedNamespace = "Unified.Generated";
}
