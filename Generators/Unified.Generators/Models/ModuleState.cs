namespace Unified.Generators;

/// <summary>What a module class holds: its <c>Describe</c> is made of it.</summary>
/// <param name="HintName">File name of the generated source.</param>
/// <param name="Accessibility">Of the override: <c>protected</c> or <c>protected internal</c>.</param>
internal sealed record ModuleState(
    string HintName, string Namespace, EquatableArray<TypeHeader> Headers, string Accessibility, EquatableArray<ModuleMember> Members);

/// <summary>A field or auto-property with state: the name a checkpoint knows it by, and how to read it.</summary>
internal sealed record ModuleMember(string Name, string Expression);
