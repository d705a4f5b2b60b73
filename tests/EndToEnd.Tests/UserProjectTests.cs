using System.Globalization;
using System.Text;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>What the user of a project outside of this repository sees: of <c>dotnet build</c>, and of the built programs.</summary>
public sealed class UserProjectTests(UserProjectBuilds builds) : IClassFixture<UserProjectBuilds>
{
    private UserProjectFolder Folder => builds.Folder;

    [Fact]
    public void The_model_of_the_readme_builds_without_a_warning() => BuildsCleanly();

    [Fact]
    public void A_debug_build_is_eager_a_release_build_is_compiled_and_both_compute_the_same()
    {
        BuildsCleanly();
        var (debug, release) = (Train("Debug"), Train("Release"));
        Assert.Equal("Eager compilations 0 calls 0", debug.Summary);
        Assert.Equal("Graph compilations 1 calls 20", release.Summary);
        Assert.Equal(20, debug.Losses.Count);
        Assert.All(debug.Losses.Zip(release.Losses), p => Assert.Equal(p.First, p.Second, 1e-4 * p.First));
        Assert.True(release.Losses[^1] < 0.95 * release.Losses[0]);
    }

    [Fact]
    public void The_environment_overrides_the_build()
    {
        BuildsCleanly();
        Assert.Equal("Graph compilations 1 calls 20", Train("Debug", ("UNIFIED_MODE", "graph")).Summary);
        Assert.Equal("Eager compilations 0 calls 0", Train("Release", ("UNIFIED_MODE", "eager")).Summary);
    }

    [Fact]
    public void A_wrong_shape_inside_a_graph_names_expression_file_line_and_both_shapes()
    {
        BuildsCleanly();
        var run = Folder.Run("Mlp", "Release", "inside");
        Assert.NotEqual(0, run.ExitCode);
        const string Expression = "MatMul(hidden, _down)";
        var (line, column) = PlaceOf(UserProjectSources.Skewed, Expression);
        Assert.Contains($"Mlp/Skewed.cs({line},{column}): ", run.Error, StringComparison.Ordinal);
        Assert.Contains($"in: {Expression}", run.Error, StringComparison.Ordinal);
        Assert.Contains("f32[4,32]", run.Error, StringComparison.Ordinal);
        Assert.Contains("f32[33,10]", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Debug")]
    [InlineData("Release")]
    public void A_wrong_argument_names_both_shapes_and_the_line_of_the_call(string configuration)
    {
        BuildsCleanly();
        var run = Folder.Run("Mlp", configuration, "argument");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("f32[4,700]", run.Error, StringComparison.Ordinal);
        Assert.Contains(configuration == "Debug" ? "f32[32,784]" : "argument 'x' is declared [B,784]", run.Error, StringComparison.Ordinal);
        Assert.Contains($"Mlp/Program.cs:line {PlaceOf(UserProjectSources.Training, "new Mlp(32).Forward").Line}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_in_an_eager_body_shows_only_frames_of_the_user()
    {
        BuildsCleanly();
        var frames = Folder.Run("Mlp", "Debug", "inside").Error.Split('\n').Where(l => l.StartsWith("   at ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, frames.Count);
        Assert.StartsWith("   at Skewed.Forward(Tensor x)", frames[0], StringComparison.Ordinal);
        Assert.StartsWith("   at Program.<Main>$(String[] args)", frames[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_llvm_and_cache_a_program_gets_one_exception_that_says_what_to_do()
    {
        BuildsCleanly();
        var run = Folder.Run("Mlp", "Release", "", ("UNIFIED_CACHE", Path.Combine(Folder.Path, "empty-cache")), ("UNIFIED_LIBLLVM", "/nonexistent"));
        Assert.Equal(1, run.ExitCode);
        Assert.DoesNotContain("loss", run.Output, StringComparison.Ordinal);
        var line = Assert.Single(run.Error.Trim().Split('\n'));
        Assert.StartsWith("NativeLibraryMissingException: ", line, StringComparison.Ordinal);
        Assert.Contains("UNIFIED_LIBLLVM", line, StringComparison.Ordinal);
        Assert.Contains("apt install libllvm19", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_generated_sources_nor_the_captured_graph_know_where_they_were_built()
    {
        BuildsCleanly();
        var files = Directory.GetFiles(Path.Combine(Folder.Path, "Mlp", "obj", "Release"), "*.g.cs", SearchOption.AllDirectories)
            .Where(f => f.Contains("/generated/", StringComparison.Ordinal)).ToList();
        var companion = Assert.Single(files, f => f.Contains("Mlp_TrainStep", StringComparison.Ordinal));
        Assert.Contains("apply cross_entropy", File.ReadAllText(companion), StringComparison.Ordinal);
        Assert.Contains(files, f => f.EndsWith("Unified.Interceptors.g.cs", StringComparison.Ordinal));
        foreach (var file in files)
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain(Folder.Path, text, StringComparison.Ordinal);
            Assert.DoesNotContain(Programs.Root, text, StringComparison.Ordinal);
        }

        // The assembly holds the path of its symbols, which is the compiler's; the graph's places are short.
        var assembly = Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(Folder.Path, "Mlp/bin/Release/net10.0/Mlp.dll")));
        Assert.Contains("Mlp/Mlp.cs", assembly, StringComparison.Ordinal);
        Assert.DoesNotContain(Folder.Path + "/Mlp/Mlp.cs", assembly, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Guarded.cs", "lock", "UG001", "A lock statement is not possible in a static graph; lock around the call of the static graph")]
    [InlineData("Calling.cs", "Twice(x) + 1f", "UG003", "'Calling.Twice' takes or returns tensors but is not a static graph; mark it [StaticGraph]")]
    [InlineData("Whole.cs", "Whole : Module", "UG101", "'Whole' must be partial, because code for the static graph 'Forward' is generated into it; write 'partial'")]
    public void What_cannot_be_captured_is_an_error_at_its_place_that_says_what_to_write(string file, string at, string id, string message)
    {
        Assert.NotEqual(0, builds.Faulty.ExitCode);
        var path = Path.Combine(Folder.Path, "Faulty", file);
        var (line, column) = PlaceOf(File.ReadAllText(path), at);
        Assert.StartsWith($"{path}({line},{column}): error {id}: {message}", Assert.Single(ErrorsIn("Faulty", file)), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Folder.Path, "Faulty/bin/Debug/net10.0/Faulty.dll")));
    }

    [Fact]
    public void A_suppressed_error_leaves_a_method_that_runs_eagerly_in_both_modes()
    {
        BuildsCleanly();
        foreach (var mode in (string[])["Eager", "Graph"])
        {
            var run = Folder.Run("Suppressed", "Release", "", ("UNIFIED_MODE", mode));
            Assert.Equal($"2 4|3 5|3 6|{mode} runs 1 calls 0", string.Join('|', run.Output.Trim().Split('\n')));
            Assert.Equal(0, run.ExitCode);
        }
    }

    [Fact]
    public void An_override_in_another_project_runs_its_own_graph()
    {
        BuildsCleanly();
        var run = Folder.Run("Application", "Release", "");
        Assert.Equal(
            [
                "Layer 6 10 calls 1",
                "Shifted 7 11 calls 1",
                "Squared 9 25 calls 1",
                "printing",
                "Printing 30 50 calls 0",
                "Chain 73 201 calls 1",
            ],
            run.Output.Trim().Split('\n'));
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void An_override_that_is_not_marked_is_an_error()
    {
        var error = Assert.Single(ErrorsIn("Unmarked", "Unmarked.cs"));
        Assert.Contains(": error UG102: 'Forward' overrides or implements the static graph 'Layer.Forward'; mark it [StaticGraph] too, or [Eager]", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UserOfThrowing", "CS8784", "FailsToStart")]
    [InlineData("UserOfThrowing", "CS8785", "FailsToRun")]
    [InlineData("UserOfTooNew", "CS9057", "99.0.0.0")]
    public void A_generator_that_does_not_work_fails_the_build(string project, string id, string text)
    {
        Assert.Contains(builds.Faulty.Lines("error"), e => e.Contains($"error {id}: ", StringComparison.Ordinal) && e.Contains(text, StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(Folder.Path, project, "bin/Debug/net10.0", project + ".dll")));
    }

    [Fact]
    public void The_page_about_diagnostics_has_every_rule() =>
        Assert.Equal(DiagnosticsPage.Rules, DiagnosticsPage.Sections.Select(s => (s.Id, s.Title)));

    [Fact]
    public void The_wrong_examples_of_the_page_are_refused_for_their_reason_only()
    {
        var sections = DiagnosticsPage.Sections.Where(s => s.Wrong is not null).ToList();
        Assert.Equal(DiagnosticsPage.Rules.Select(r => r.Id).Except(s_ownFaults), sections.Select(s => s.Id));
        Assert.All(sections, s => Assert.Equal([s.Id], ErrorsIn("Wrong", s.Id + ".cs").Select(IdOf).Distinct()));
    }

    [Fact]
    public void What_the_page_says_to_write_instead_builds()
    {
        Assert.All(DiagnosticsPage.Sections.Where(s => !s_ownFaults.Contains(s.Id)), s => Assert.NotNull(s.Instead));
        BuildsCleanly();
        Assert.True(File.Exists(Path.Combine(Folder.Path, "Instead/bin/Release/net10.0/Instead.dll")));
    }

    /// <summary>Faults of Unified itself, which no example can cause.</summary>
    private static readonly string[] s_ownFaults = ["UG029", "UG199"];

    private static string IdOf(string line) => line[(line.IndexOf(": error ", StringComparison.Ordinal) + ": error ".Length)..].Split(':')[0];

    private static (int Line, int Column) PlaceOf(string source, string text)
    {
        var before = source[..source.IndexOf(text, StringComparison.Ordinal)].Split('\n');
        return (before.Length, before[^1].Length + 1);
    }

    private IEnumerable<string> ErrorsIn(string project, string file) =>
        builds.Faulty.Lines("error").Where(e => e.StartsWith(Path.Combine(Folder.Path, project, file) + "(", StringComparison.Ordinal));

    private void BuildsCleanly()
    {
        Assert.True(builds.Sound.ExitCode == 0, builds.Sound.Output);
        Assert.Empty(builds.Sound.Lines("warning"));
    }

    private (IReadOnlyList<double> Losses, string Summary) Train(string configuration, params (string, string)[] environment)
    {
        var run = Folder.Run("Mlp", configuration, "", environment);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        var lines = run.Output.Trim().Split('\n');
        return ([.. lines[..^1].Select(l => double.Parse(l["loss ".Length..], CultureInfo.InvariantCulture))], lines[^1]);
    }
}
