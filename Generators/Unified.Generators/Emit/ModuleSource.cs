namespace Unified.Generators;

/// <summary>Turns what a module class holds into its <c>Describe</c>, so that parameters are found without reflection.</summary>
internal static class ModuleSource
{
    public static string Write(ModuleState module)
    {
        var writer = new SourceWriter().Preamble();
        if (module.Namespace.Length > 0)
        {
            writer.Open($"namespace {module.Namespace}");
        }

        foreach (var header in module.Headers)
        {
            writer.Open(header.Declaration);
        }

        writer.Line("/// <summary>Visits the tensors and modules of this class, base class first.</summary>")
            .Open($"{module.Accessibility} override void Describe(global::Unified.Nn.IModuleVisitor visitor)")
            .Line("base.Describe(visitor);");
        foreach (var member in module.Members)
        {
            writer.Line($"visitor.Visit({PackedLiteral.Plain(member.Name)}, {member.Expression});");
        }

        writer.Close();
        foreach (var _ in module.Headers)
        {
            writer.Close();
        }

        return module.Namespace.Length > 0 ? writer.Close().ToString() : writer.ToString();
    }
}
