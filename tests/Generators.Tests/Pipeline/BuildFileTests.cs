using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Unified.Generators.Tests.Pipeline;

/// <summary>Settings whose loss would leave a build that succeeds and has no graphs.</summary>
public sealed class BuildFileTests
{
    private static readonly string s_root = Path.GetFullPath(Path.Combine(Here(), "../../.."));

    [Fact]
    public void Compiler_package_is_pinned_to_the_oldest_supported_compiler()
    {
        var packages = XDocument.Load(Path.Combine(s_root, "Directory.Packages.props"));
        var versions = packages.Descendants("PackageVersion")
            .Where(p => p.Attribute("Include")!.Value.StartsWith("Microsoft.CodeAnalysis.CSharp", StringComparison.Ordinal))
            .ToDictionary(p => p.Attribute("Include")!.Value, p => p.Attribute("Version")!.Value);
        Assert.Equal("5.0.0", versions["Microsoft.CodeAnalysis.CSharp"]);
        Assert.All(versions.Values, v => Assert.Equal("5.0.0", v));

        var referenced = typeof(StaticGraphGenerator).Assembly.GetReferencedAssemblies().Single(a => a.Name == "Microsoft.CodeAnalysis.CSharp");
        Assert.Equal(new Version(5, 0, 0, 0), referenced.Version);
    }

    [Theory]
    [InlineData("CS8784")]
    [InlineData("CS8785")]
    [InlineData("CS9057")]
    public void Failing_generator_fails_the_build(string warning)
    {
        var props = XDocument.Load(Path.Combine(s_root, "Generators/build/Unified.Generators.props"));
        Assert.Contains(props.Descendants("WarningsAsErrors"), e => e.Value.Split(';').Contains(warning));
    }

    [Fact]
    public void Props_open_the_generated_namespace_and_show_the_properties()
    {
        var props = XDocument.Load(Path.Combine(s_root, "Generators/build/Unified.Generators.props"));
        Assert.Contains("Unified.Generated", props.Descendants("InterceptorsNamespaces").Single().Value.Split(';'));
        Assert.Equal(["UnifiedExecutionMode", "UnifiedEmitIr", "UnifiedLower"], props.Descendants("CompilerVisibleProperty").Select(e => e.Attribute("Include")!.Value));
    }

    [Fact]
    public void Generator_runs_in_every_compiler_host()
    {
        var framework = typeof(StaticGraphGenerator).Assembly.GetCustomAttributes(typeof(System.Runtime.Versioning.TargetFrameworkAttribute), false)
            .Cast<System.Runtime.Versioning.TargetFrameworkAttribute>().Single();
        Assert.Equal(".NETStandard,Version=v2.0", framework.FrameworkName);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
