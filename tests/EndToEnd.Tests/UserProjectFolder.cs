using System.Text.RegularExpressions;

namespace Unified.EndToEnd.Tests;

/// <summary>
/// A folder outside of the checkout with small projects as a user would have them, built by <c>dotnet build</c>. They refer to the rooms of the
/// checkout as they were built for the tests, which are not built again.
/// </summary>
internal sealed partial class UserProjectFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public UserProjectFolder()
    {
        Write("global.json", File.ReadAllText(System.IO.Path.Combine(Programs.Root, "global.json")));
        Write("Directory.Build.targets", "<Project />");
        Write("Directory.Packages.props", "<Project />");

        // Both configurations of a user's project run on the one configuration of the rooms that the tests have built.
        Write("Directory.Build.props", $"""
            <Project>
              <PropertyGroup>
                <Unified>{Programs.Root}</Unified>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemDefinitionGroup>
                <ProjectReference>
                  <AdditionalProperties>Configuration={Programs.Configuration}</AdditionalProperties>
                </ProjectReference>
              </ItemDefinitionGroup>
            </Project>
            """);
    }

    public string Path => _folder.Path;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A project with its sources, each a file's name and its text.</summary>
    public void AddProject(string name, string outputType, string more, params ReadOnlySpan<(string Name, string Text)> sources)
    {
        Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>{outputType}</OutputType>
              </PropertyGroup>
              <Import Project="$(Unified)/Generators/build/Unified.Generators.props" />
              <ItemGroup>
                <ProjectReference Include="$(Unified)/Runtime/Unified.Nn/Unified.Nn.csproj" />
                <ProjectReference Include="$(Unified)/Lowering/Unified.Lowering/Unified.Lowering.csproj" />
              </ItemGroup>
              {more}
              <Import Project="$(Unified)/Generators/build/Unified.Generators.targets" />
            </Project>
            """);
        foreach (var (file, text) in sources)
        {
            Write($"{name}/{file}", text);
        }
    }

    /// <summary>Builds projects in one run, in this order; one that fails does not keep the next ones from being built.</summary>
    public BuildOutcome Build(string name, params ReadOnlySpan<(string Project, string Properties)> projects)
    {
        var tasks = new List<string>();
        foreach (var (project, properties) in projects)
        {
            tasks.Add($"<MSBuild Projects=\"{project}/{project}.csproj\" Targets=\"$(Step)\" Properties=\"{properties}\" ContinueOnError=\"ErrorAndContinue\" />");
        }

        Write(name, $"""
            <Project>
              <Target Name="Restore"><CallTarget Targets="Each" /></Target>
              <Target Name="Build"><CallTarget Targets="Each" /></Target>
              <PropertyGroup><Step>Build</Step><Step Condition="'$(MSBuildRestoreSessionId)' != ''">Restore</Step></PropertyGroup>
              <Target Name="Each">
                {string.Join("\n    ", tasks)}
              </Target>
            </Project>
            """);
        var run = Programs.Run("dotnet", $"build {name} -nologo -v:minimal -p:BuildProjectReferences=false", Path);
        return new BuildOutcome(run.ExitCode, run.Output + run.Error);
    }

    /// <summary>Runs a built program. A mode that the tests themselves run under does not reach it.</summary>
    public Outcome Run(string project, string configuration, string arguments, params (string Name, string Value)[] environment) =>
        Programs.Run("dotnet", $"exec {project}/bin/{configuration}/net10.0/{project}.dll {arguments}", Path, [("UNIFIED_MODE", ""), .. environment]);

    public void Dispose() => _folder.Dispose();

    /// <summary>What <c>dotnet build</c> said.</summary>
    internal sealed partial record BuildOutcome(int ExitCode, string Output)
    {
        /// <summary>The lines of one severity, each once: file(line,column), id and message.</summary>
        public IReadOnlyList<string> Lines(string severity) =>
            [.. Output.Split('\n').Select(l => l.Trim()).Where(l => l.Contains($" {severity} ", StringComparison.Ordinal)).Select(l => Project().Replace(l, "")).Distinct()];

        [GeneratedRegex(@" \[[^\]]*proj(::[^\]]*)?\]$")]
        private static partial Regex Project();
    }
}
