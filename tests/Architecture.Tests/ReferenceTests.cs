using System.Xml.Linq;
using Xunit;

namespace Unified.Architecture.Tests;

/// <summary>Data flows one way: each room sees only what is upstream of it.</summary>
public class ReferenceTests
{
    // The whole graph of allowed project references, by project name. Tests, samples and benchmarks may see everything.
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Unified.Ir"] = [],
        ["Unified.Native"] = [],
        ["Unified.Generators"] = ["Unified.Ir"],
        ["Unified.CodeFixes"] = ["Unified.Ir", "Unified.Generators"],
        ["Unified.Lowering"] = ["Unified.Ir", "Unified.Native"],

        // The one program that has the compiler and a user's app in one process.
        ["Unified.Lowering.Tool"] = ["Unified.Ir", "Unified.Native", "Unified.Lowering", "Unified.Runtime", "Unified.Nn"],

        // The package of all of it: nothing of these is referenced by code.
        ["Unified.Build"] = ["Unified.Nn", "Unified.Generators", "Unified.CodeFixes", "Unified.Lowering.Tool"],
        ["Unified.Lowering.Onnx"] = ["Unified.Ir", "Unified.Lowering"],
        ["Unified.Runtime"] = ["Unified.Ir", "Unified.Native"],
        ["Unified.Nn"] = ["Unified.Ir", "Unified.Runtime"],
        ["Unified.Nn.Images"] = ["Unified.Nn"],
    };

    public static TheoryData<string> Rooms => [.. Repository.Projects.Where(p => !p.StartsWith("tests/", StringComparison.Ordinal) && !p.StartsWith("samples/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_references_only_what_is_upstream(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        Assert.True(s_allowed.ContainsKey(name), $"{project} is a new room: state here what it may see");
        var references = XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Where(r => (string?)r.Attribute("OutputItemType") != "Analyzer")
            .Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')));
        Assert.All(references, r => Assert.Contains(r, s_allowed[name]));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("Unified.sln").Replace('\\', '/');

        // But for the libtorch peer of the benchmarks: its packages are fetched only by who asks for them.
        Assert.All(Repository.Projects.Where(p => !p.EndsWith("/Benchmarks.Torch.csproj", StringComparison.Ordinal)), p => Assert.Contains(p, solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Package_versions_are_central()
    {
        Assert.All(Repository.Projects, p => Assert.DoesNotContain(
            XDocument.Parse(Repository.Read(p)).Descendants("PackageReference"), r => r.Attribute("Version") is not null));
    }

    [Fact]
    public void The_compiler_package_stays_at_the_oldest_sdk()
    {
        var versions = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion")
            .Where(v => ((string)v.Attribute("Include")!).StartsWith("Microsoft.CodeAnalysis.CSharp", StringComparison.Ordinal));
        Assert.All(versions, v => Assert.Equal("5.0.0", (string?)v.Attribute("Version")));
    }

    [Fact]
    public void Generator_failures_are_build_errors()
    {
        var policy = Repository.Read("Directory.Build.props");
        Assert.All((string[])["CS8784", "CS8785", "CS9057"], id => Assert.Contains(id, policy, StringComparison.Ordinal));
    }

    [Fact]
    public void The_feed_file_names_no_remote_address() =>
        Assert.DoesNotContain("http", Repository.Read("nuget.config"), StringComparison.OrdinalIgnoreCase);
}
