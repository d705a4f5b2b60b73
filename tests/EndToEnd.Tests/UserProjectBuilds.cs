namespace Unified.EndToEnd.Tests;

using BuildOutcome = UserProjectFolder.BuildOutcome;

/// <summary>The projects of a user, built once for all tests: those that are sound in one run, those that are not in another.</summary>
public sealed class UserProjectBuilds : IDisposable
{
    private const string LibraryReference = """<ItemGroup><ProjectReference Include="../Library/Library.csproj" AdditionalProperties="" /></ItemGroup>""";

    private readonly Lazy<BuildOutcome> _sound;
    private readonly Lazy<BuildOutcome> _faulty;

    public UserProjectBuilds()
    {
        _sound = new(BuildSound);
        _faulty = new(BuildFaulty);
    }

    internal UserProjectFolder Folder { get; } = new();

    /// <summary>Mlp in both configurations, Suppressed, Library and Application.</summary>
    internal BuildOutcome Sound => _sound.Value;

    /// <summary>Faulty, Unmarked and Broken, none of which builds.</summary>
    internal BuildOutcome Faulty => _faulty.Value;

    public void Dispose() => Folder.Dispose();

    private BuildOutcome BuildSound()
    {
        // Warnings are left to be counted by the test.
        Folder.AddProject("Mlp", "Exe", "", ("Mlp.cs", UserProjectSources.Readme), ("Skewed.cs", UserProjectSources.Skewed), ("Program.cs", UserProjectSources.Training));
        Folder.AddProject(
            "Suppressed", "Exe", "<PropertyGroup><NoWarn>$(NoWarn);UG003;UG101</NoWarn></PropertyGroup>",
            ("Guarded.cs", "#pragma warning disable UG001, UG007\n" + UserProjectSources.Guarded), ("Calling.cs", UserProjectSources.Calling),
            ("Whole.cs", UserProjectSources.Whole), ("Program.cs", UserProjectSources.RunFaults));
        AddLibrary();
        Folder.AddProject(
            "Application", "Exe", LibraryReference,
            ("Squared.cs", UserProjectSources.Squared), ("Printing.cs", UserProjectSources.Printing), ("Program.cs", UserProjectSources.RunLayers));
        return Folder.Build(
            "Sound.proj", ("Mlp", "Configuration=Debug"), ("Mlp", "Configuration=Release;UnifiedEmitIr=true"), ("Suppressed", "Configuration=Release"),
            ("Library", "Configuration=Release"), ("Application", "Configuration=Release"));
    }

    private BuildOutcome BuildFaulty()
    {
        // The library is built again only where no test has asked for the sound ones.
        AddLibrary();
        Folder.AddProject(
            "Faulty", "Exe", "", ("Guarded.cs", UserProjectSources.Guarded), ("Calling.cs", UserProjectSources.Calling), ("Whole.cs", UserProjectSources.Whole),
            ("Program.cs", UserProjectSources.RunFaults));
        Folder.AddProject("Unmarked", "Library", LibraryReference, ("Unmarked.cs", UserProjectSources.Unmarked));
        AddAnalyzer("Throwing", "<Reference Include=\"$(RoslynTargetsPath)/bincore/Microsoft.CodeAnalysis.dll\" />", UserProjectSources.Throwing);
        AddAnalyzer("Microsoft.CodeAnalysis", "", UserProjectSources.LaterCompiler);
        AddAnalyzer("TooNew", "<Reference Include=\"../Microsoft.CodeAnalysis/bin/Debug/net10.0/Microsoft.CodeAnalysis.dll\" />", UserProjectSources.TooNew);
        Folder.AddProject(
            "Broken", "Library", """
            <ItemGroup>
              <Analyzer Include="../Throwing/bin/Debug/net10.0/Throwing.dll" />
              <Analyzer Include="../TooNew/bin/Debug/net10.0/TooNew.dll" />
            </ItemGroup>
            """, ("Calling.cs", "public static class Nothing { }"));
        return Folder.Build(
            "Faulty.proj", ("Faulty", ""), ("Library", ""), ("Unmarked", ""), ("Throwing", ""), ("Microsoft.CodeAnalysis", ""), ("TooNew", ""), ("Broken", ""));
    }

    private void AddLibrary() => Folder.AddProject("Library", "Library", "", ("Layers.cs", UserProjectSources.Layers));

    private void AddAnalyzer(string name, string reference, string source)
    {
        Folder.Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <GenerateAssemblyInfo>false</GenerateAssemblyInfo>
              </PropertyGroup>
              <ItemGroup>
                {reference}
              </ItemGroup>
            </Project>
            """);
        Folder.Write($"{name}/{name}.cs", source);
    }
}
