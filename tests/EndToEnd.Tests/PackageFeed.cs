namespace Unified.EndToEnd.Tests;

/// <summary>
/// The packages of this checkout in a folder of their own, under a version that nothing else has, and an empty folder outside of the checkout for
/// projects that reference them. Packages that the restores leave in the user's cache go away with it.
/// </summary>
public sealed class PackageFeed : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PackageFeed()
    {
        Version = $"0.1.0-test.{DateTime.UtcNow.Ticks}";
        Feed = Path.Combine(_folder.Path, "feed");
        var pack = Programs.Run("dotnet", $"pack Unified.sln -c {Programs.Configuration} --no-build -nologo -v:quiet -p:PackageVersion={Version} -o \"{Feed}\"", Programs.Root);
        if (pack.ExitCode != 0)
        {
            throw new InvalidOperationException("packing failed: " + pack.Output + pack.Error);
        }

        // The checkout's own settings must not reach these projects.
        Write("Directory.Build.props", $"<Project><PropertyGroup><RestoreAdditionalProjectSources>{Feed}</RestoreAdditionalProjectSources><NuGetAudit>false</NuGetAudit></PropertyGroup></Project>");
        Write("Directory.Build.targets", "<Project />");
        Write("Directory.Packages.props", "<Project />");
        Write("global.json", File.ReadAllText(Path.Combine(Programs.Root, "global.json")));
    }

    internal string Version { get; }

    internal string Feed { get; }

    internal string Folder => _folder.Path;

    /// <summary>A project from a template, in a folder of its name.</summary>
    internal void Create(string template, string name)
    {
        var hive = Path.Combine(_folder.Path, ".hive");
        if (!Directory.Exists(hive))
        {
            Must(Programs.Run("dotnet", $"new install \"{Feed}/Unified.Templates.{Version}.nupkg\" --debug:custom-hive \"{hive}\"", _folder.Path));
        }

        Must(Programs.Run("dotnet", $"new {template} -n {name} --debug:custom-hive \"{hive}\"", _folder.Path));
    }

    internal string Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    internal void Replace(string name, string before, string after)
    {
        var path = Path.Combine(_folder.Path, name);
        var text = File.ReadAllText(path);
        if (!text.Contains(before, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{name} does not say '{before}'");
        }

        File.WriteAllText(path, text.Replace(before, after, StringComparison.Ordinal));
    }

    /// <summary>The project file of a library or app that references the package.</summary>
    internal void AddProject(string name, string outputType, string references = "", string folder = "") => Write(Path.Combine(folder, name, $"{name}.csproj"), $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>{outputType}</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Unified" Version="{Version}" />
            {references}
          </ItemGroup>
        </Project>
        """);

    internal Outcome Build(string project, string arguments = "-c Release") => Programs.Run("dotnet", $"build {project} -nologo {arguments}", _folder.Path);

    internal Outcome Publish(string project, string output, string arguments) =>
        Programs.Run("dotnet", $"publish {project} -nologo -c Release -r linux-x64 -o \"{Path.Combine(_folder.Path, output)}\" {arguments}", _folder.Path);

    /// <summary>Runs a program as on a machine that has no libLLVM and no former kernels.</summary>
    internal Outcome Run(string file, string arguments, string mode = "", params (string Name, string Value)[] environment) => Programs.Run(
        file, arguments, _folder.Path,
        [("UNIFIED_LIBLLVM", "/nowhere/libLLVM.so"), ("UNIFIED_CACHE", Path.Combine(_folder.Path, "no-kernels")), ("UNIFIED_MODE", mode), .. environment]);

    internal static Outcome Must(Outcome outcome) =>
        outcome.ExitCode == 0 ? outcome : throw new InvalidOperationException(outcome.Output + outcome.Error);

    public void Dispose()
    {
        _folder.Dispose();
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var folder in Directory.Exists(packages) ? Directory.EnumerateDirectories(packages, "unified*") : [])
        {
            if (Directory.Exists(Path.Combine(folder, Version)))
            {
                Directory.Delete(Path.Combine(folder, Version), recursive: true);
            }
        }
    }
}
