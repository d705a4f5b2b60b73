namespace Unified.EndToEnd.Tests;

using BuildOutcome = UserProjectFolder.BuildOutcome;

/// <summary>The projects of a user, built once for all tests: those that are sound in one run, those that are not in another.</summary>
public sealed class UserProjectBuilds : IDisposable
{
    private const string LibraryReference = """<ItemGroup><ProjectReference Include="../Library/Library.csproj" AdditionalProperties="" /></ItemGroup>""";

    // Mere notes are made errors, so that the build's output shows them.
    private const string NotesAreErrors = "<PropertyGroup><WarningsAsErrors>$(WarningsAsErrors);UG108;UG109</WarningsAsErrors></PropertyGroup>";

    private readonly Lazy<BuildOutcome> _sound;
    private readonly Lazy<BuildOutcome> _faulty;

    public UserProjectBuilds()
    {
        _sound = new(BuildSound);
        _faulty = new(BuildFaulty);
    }

    internal UserProjectFolder Folder { get; } = new();

    /// <summary>Mlp in both configurations, the rest in Release.</summary>
    internal BuildOutcome Sound => _sound.Value;

    /// <summary>None of them builds, but for the libraries they need.</summary>
    internal BuildOutcome Faulty => _faulty.Value;

    public void Dispose() => Folder.Dispose();

    private BuildOutcome BuildSound()
    {
        Folder.AddProject("Mlp", "Exe", "", ("Mlp.cs", UserProjectSources.Readme), ("Skewed.cs", UserProjectSources.Skewed), ("Program.cs", UserProjectSources.Training));
        Folder.AddProject(
            "Suppressed", "Exe", "<PropertyGroup><NoWarn>$(NoWarn);UG003;UG101</NoWarn></PropertyGroup>",
            ("Guarded.cs", "#pragma warning disable UG001\n" + UserProjectSources.Guarded), ("Calling.cs", UserProjectSources.Calling),
            ("Whole.cs", UserProjectSources.Whole), ("Program.cs", UserProjectSources.RunFaults));
        AddLibrary();
        Folder.AddProject(
            "Application", "Exe", LibraryReference,
            ("Squared.cs", UserProjectSources.Squared), ("Printing.cs", UserProjectSources.Printing), ("Program.cs", UserProjectSources.RunLayers));
        Folder.AddProject("Instead", "Library", NotesAreErrors, Examples(s => s.Instead));
        return Folder.Build(
            "Sound.proj", ("Mlp", "Configuration=Debug"), ("Mlp", "Configuration=Release;UnifiedEmitIr=true"), ("Suppressed", "Configuration=Release"),
            ("Library", "Configuration=Release"), ("Application", "Configuration=Release"), ("Instead", "Configuration=Release"));
    }

    private BuildOutcome BuildFaulty()
    {
        AddLibrary();
        Folder.AddProject(
            "Faulty", "Exe", "", ("Guarded.cs", UserProjectSources.Guarded), ("Calling.cs", UserProjectSources.Calling), ("Whole.cs", UserProjectSources.Whole),
            ("Program.cs", UserProjectSources.RunFaults));
        Folder.AddProject("Wrong", "Library", NotesAreErrors, Examples(s => s.Wrong));
        Folder.AddProject("Unmarked", "Library", LibraryReference, ("Unmarked.cs", UserProjectSources.Unmarked));
        AddAnalyzer("Throwing", "$(RoslynTargetsPath)/bincore/Microsoft.CodeAnalysis.dll", UserProjectSources.Throwing);
        AddAnalyzer("Microsoft.CodeAnalysis", null, UserProjectSources.LaterCompiler);
        AddAnalyzer("TooNew", "../Microsoft.CodeAnalysis/bin/Debug/net10.0/Microsoft.CodeAnalysis.dll", UserProjectSources.TooNew);
        AddUserOf("Throwing");
        AddUserOf("TooNew");
        return Folder.Build(
            "Faulty.proj", ("Faulty", ""), ("Wrong", ""), ("Library", ""), ("Unmarked", ""), ("Throwing", ""), ("Microsoft.CodeAnalysis", ""), ("TooNew", ""),
            ("UserOfThrowing", ""), ("UserOfTooNew", ""));
    }

    private static (string Name, string Text)[] Examples(Func<DiagnosticsSection, string?> which) =>
        [.. DiagnosticsPage.Sections.Where(s => which(s) is not null).Select(s => ($"{s.Id}.cs", DiagnosticsPage.Source($"Example{s.Id}", which(s)!)))];

    private void AddLibrary() => Folder.AddProject("Library", "Library", "", ("Layers.cs", UserProjectSources.Layers));

    private void AddUserOf(string analyzer) => Folder.AddProject(
        "UserOf" + analyzer, "Library", $"""<ItemGroup><Analyzer Include="../{analyzer}/bin/Debug/net10.0/{analyzer}.dll" /></ItemGroup>""",
        ("Nothing.cs", "public static class Nothing { }"));

    private void AddAnalyzer(string name, string? reference, string source)
    {
        Folder.Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <GenerateAssemblyInfo>false</GenerateAssemblyInfo>
              </PropertyGroup>
              <ItemGroup>
                {(reference is null ? "" : $"<Reference Include=\"{reference}\" />")}
              </ItemGroup>
            </Project>
            """);
        Folder.Write($"{name}/{name}.cs", source);
    }
}
