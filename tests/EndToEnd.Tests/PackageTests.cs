using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>What a user has who only references the packages: templates, builds that compile graphs, apps that ship without a compiler.</summary>
public sealed partial class PackageTests(PackageFeed feed) : IClassFixture<PackageFeed>
{
    private const string Shipped = "graphs: 1 shipped, 0 compiled here";

    [Fact]
    public void A_training_app_from_the_template_ships_its_step()
    {
        feed.Create("unified-train", "Trains");
        var build = PackageFeed.Must(feed.Build("Trains"));
        Assert.Contains("Trains.graphs: 2 graphs (0 kept)", build.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", build.Output, StringComparison.Ordinal);
        var graph = PackageFeed.Must(feed.Run("dotnet", "Trains/bin/Release/net10.0/Trains.dll"));
        var eager = PackageFeed.Must(feed.Run("dotnet", "Trains/bin/Release/net10.0/Trains.dll", "eager"));
        Assert.Empty(graph.Error);
        Assert.Matches(@"accuracy on points not seen: (0\.9\d\d|1\.000)", graph.Output);
        Assert.Equal(Losses(eager)[0], Losses(graph)[0], 2e-3 + (0.01 * Losses(eager)[0]));

        // Nothing changed: the graphs are not looked at again. One method changed: the graph without it is kept.
        Assert.DoesNotContain("graphs", PackageFeed.Must(feed.Build("Trains")).Output, StringComparison.Ordinal);
        feed.Replace("Trains/Model.cs", "optimizer.Step(gradients);\n        return loss;", "optimizer.Step(gradients);\n        return loss * 1f;");
        Assert.Contains("Trains.graphs: 2 graphs (1 kept)", PackageFeed.Must(feed.Build("Trains")).Output, StringComparison.Ordinal);
        feed.Replace("Trains/Model.cs", "Silu(_first", "Gelu(_first");
        Assert.Contains("Trains.graphs: 2 graphs (0 kept)", PackageFeed.Must(feed.Build("Trains")).Output, StringComparison.Ordinal);

        // A Debug build runs eagerly and compiles nothing.
        Assert.DoesNotContain("graphs", PackageFeed.Must(feed.Build("Trains", "-c Debug")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_inference_app_from_the_template_publishes_in_every_form()
    {
        feed.Create("unified-infer", "Infers");
        feed.Replace("Infers/Program.cs", "var model = new Model(Graphs.Hidden);", "Generator.Default.Seed(5);\nvar model = new Model(Graphs.Hidden);");
        PackageFeed.Must(feed.Build("Infers"));
        var eager = Answers(feed.Run("dotnet", "Infers/bin/Release/net10.0/Infers.dll 0.1 0.2 -0.5 0.4", "eager"));
        (string Name, string Arguments)[] forms =
        [
            ("framework", "--self-contained false -p:PublishAot=false"),
            ("contained", "--self-contained true -p:PublishAot=false"),
            ("trimmed", "--self-contained true -p:PublishAot=false -p:PublishTrimmed=true"),
        ];
        foreach (var (name, arguments) in forms)
        {
            Assert.DoesNotContain("warning", PackageFeed.Must(feed.Publish("Infers", name, arguments)).Output, StringComparison.Ordinal);
            var run = feed.Run(Path.Combine(feed.Folder, name, "Infers"), "0.1 0.2 -0.5 0.4");
            Assert.Contains(Shipped, run.Output, StringComparison.Ordinal);
            Assert.Equal(eager, Answers(run));
        }

        // On a machine without AVX-512 the same app runs its other code, and on one that there is no code for it runs eagerly and says so.
        var app = Path.Combine(feed.Folder, "framework", "Infers");
        var older = feed.Run(app, "0.1 0.2 -0.5 0.4", "", ("DOTNET_EnableAVX512", "0"));
        Assert.Contains(Shipped, older.Output, StringComparison.Ordinal);
        Assert.Equal(eager, Answers(older));
        var oldest = feed.Run(app, "0.1 0.2 -0.5 0.4", "", ("DOTNET_EnableAVX", "0"));
        Assert.Contains("it has code for x86-64-v3, x86-64-v4; this machine is x86-64-v2", oldest.Error, StringComparison.Ordinal);
        Assert.Equal(eager, Answers(oldest));

        // A file that is damaged, foreign, newer or not there is refused with a word, and the app goes on.
        var graphs = app + ".graphs";
        var bytes = File.ReadAllBytes(graphs);
        var newer = bytes[..^32];
        newer[5]++;
        bytes[bytes.Length / 2] ^= 1;
        foreach (var (content, says) in new (byte[]?, string)[]
        {
            (bytes, "damaged"), (bytes[..100], "damaged"), ([1, 2, 3], "no graph artifact"), ([.. newer, .. SHA256.HashData(newer)], "reads format"), (null, "without compiled graphs"),
        })
        {
            File.Delete(graphs);
            if (content is not null)
            {
                File.WriteAllBytes(graphs, content);
            }

            var run = feed.Run(app, "0.1 0.2 -0.5 0.4");
            Assert.Equal(0, run.ExitCode);
            Assert.Contains(says, run.Error, StringComparison.Ordinal);
            Assert.Single(run.Error.Split("run eagerly"), s => s.Contains("static graphs", StringComparison.Ordinal));
            Assert.Equal(eager, Answers(run));
        }
    }

    [Fact]
    public void A_project_lists_the_machines_that_its_app_runs_on()
    {
        feed.Create("unified-infer", "Ages");
        feed.Replace("Ages/Program.cs", "var model = new Model(Graphs.Hidden);", "Generator.Default.Seed(5);\nvar model = new Model(Graphs.Hidden);");
        feed.Replace("Ages/Ages.csproj", "x64-v3;x64-v4<", "x64-v1;x64-v3;x64-v4;x64-v4-dot<");
        PackageFeed.Must(feed.Build("Ages"));
        const string App = "Ages/bin/Release/net10.0/Ages.dll 0.1 0.2 -0.5 0.4";
        var eager = Answers(feed.Run("dotnet", App, "eager"));
        foreach (var switchedOff in (string[])["", "AVX512", "AVX2", "AVX", "SSE42"])
        {
            var run = feed.Run("dotnet", App, "", ($"DOTNET_Enable{switchedOff}", "0"));
            Assert.Contains(Shipped, run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("eagerly", run.Error, StringComparison.Ordinal);
            Assert.Equal(eager, Answers(run));
        }
    }

    [Fact]
    public void A_native_app_is_one_small_file()
    {
        Assert.SkipUnless(Linker() is not null, "NativeAOT needs clang or gcc");
        feed.Create("unified-infer", "Native");
        feed.Replace("Native/Program.cs", "var model = new Model(Graphs.Hidden);", "Generator.Default.Seed(5);\nvar model = new Model(Graphs.Hidden);");
        Assert.DoesNotContain("warning", PackageFeed.Must(feed.Publish("Native", "native", "")).Output, StringComparison.Ordinal);
        var alone = Path.Combine(Directory.CreateDirectory(Path.Combine(feed.Folder, "alone")).FullName, "app");
        File.Copy(Path.Combine(feed.Folder, "native", "Native"), alone);
        Assert.InRange(new FileInfo(alone).Length, 1, 8_000_000);
        var run = feed.Run(alone, "0.1 0.2 -0.5 0.4");
        Assert.Contains(Shipped, run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("eagerly", run.Error, StringComparison.Ordinal);
        Assert.Equal(Answers(feed.Run(alone, "0.1 0.2 -0.5 0.4", "eager")), Answers(run));
        Assert.Equal(["app"], Directory.EnumerateFiles(Path.GetDirectoryName(alone)!).Select(Path.GetFileName));
    }

    [Fact]
    public void An_edited_library_makes_its_users_graphs_anew_and_equal_sources_make_equal_bytes()
    {
        feed.Create("unified-lib", "Models");
        foreach (var name in (string[])["First", "Second"])
        {
            feed.AddProject("App", "Exe", """<ProjectReference Include="../../Models/Models.csproj" />""", name);
            feed.Write($"{name}/App/Program.cs", PackageSources.UseLibrary);
            PackageFeed.Must(feed.Build($"{name}/App"));
        }

        var (first, second) = (Graphs("First"), Graphs("Second"));
        Assert.Equal(first, second);

        // A cache that its own graph grows is added without being run, and serves every length.
        const string App = "First/App/bin/Release/net10.0/App.dll";
        var run = feed.Run("dotnet", App);
        Assert.Contains("graphs: 2 shipped, 0 compiled here", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
        Assert.Equal(Answers(feed.Run("dotnet", App, "eager")), Answers(run));

        // The app's own graph does not depend on the library.
        feed.Replace("Models/Classifier.cs", "Gelu(", "Silu(");
        Assert.Contains("App.graphs: 2 graphs (1 kept)", PackageFeed.Must(feed.Build("First/App")).Output, StringComparison.Ordinal);
        Assert.NotEqual(first, Graphs("First"));

        byte[] Graphs(string name) => File.ReadAllBytes(Path.Combine(feed.Folder, name, "App", "bin", "Release", "net10.0", "App.graphs"));
    }

    [Fact]
    public void The_tool_shows_runs_and_compares_graphs()
    {
        feed.Create("unified-train", "Shown");
        PackageFeed.Must(feed.Build("Shown"));
        PackageFeed.Must(Programs.Run("dotnet", $"tool install Unified.Tool --version {feed.Version} --tool-path tools --add-source \"{feed.Feed}\"", feed.Folder));
        const string App = "Shown/bin/Release/net10.0/Shown.dll", Graphs = "Shown/bin/Release/net10.0/Shown.graphs";

        var facts = Tool($"inspect {Graphs} --dim B=64 --json").Json;
        Assert.Equal(["x86-64-v3", "x86-64-v4"], facts.GetProperty("targets").EnumerateArray().Select(t => t.GetString()));
        Assert.Equal(["Model.TrainStep", "Model.Forward"], facts.GetProperty("graphs").EnumerateArray().Select(g => g.GetProperty("method").GetString()));
        Assert.All(facts.GetProperty("graphs").EnumerateArray(), CheckMemory);
        Assert.Matches("offset.*bytes.*steps.*holds", Tool($"inspect {Graphs} --memory").Output);

        // Results are the eager ones: a batch of one row and the same row twice, in one file.
        Tool($"run {App} --graph Forward --output one.npy");
        Assert.Equal("f32[1,2]", Tool($"run {App} --graph Forward --json").Json.GetProperty("results")[0].GetProperty("type").GetString());
        Assert.Equal(0x93, File.ReadAllBytes(Path.Combine(feed.Folder, "one.npy"))[0]);
        Assert.Equal("f32[1,2]", Tool($"run {App} --graph Forward --input points=one.npy --json").Json.GetProperty("results")[0].GetProperty("type").GetString());

        Tool($"run {App} --graph Forward --output two.safetensors");
        Assert.Contains("it has result0", Programs.Run(Path.Combine(feed.Folder, "tools", "unified"), $"run {App} --graph Forward --input points=two.safetensors", feed.Folder).Error, StringComparison.Ordinal);
        Assert.NotEmpty(Tool($"print {App} --graph Forward --json").Json.GetProperty("phases").EnumerateArray());
        Assert.Contains("mat_mul", Tool($"print {App} --graph Forward --stop-after specialize").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("schedule", Tool($"print {App} --graph Forward --stop-after specialize").Output, StringComparison.Ordinal);
        var bench = Tool($"bench {App} --runs 3 --trace trace.json --json").Json.GetProperty("graphs");
        Assert.Equal(2, bench.GetArrayLength());
        Assert.All(bench.EnumerateArray(), g => Assert.True(g.GetProperty("kernels").GetArrayLength() > 0 && g.GetProperty("milliseconds").GetDouble() > 0));
        CheckTrace(JsonDocument.Parse(File.ReadAllText(Path.Combine(feed.Folder, "trace.json"))).RootElement.GetProperty("traceEvents"));

        File.Copy(Path.Combine(feed.Folder, Graphs), Path.Combine(feed.Folder, "before.graphs"));
        feed.Replace("Shown/Model.cs", "optimizer.Step(gradients);\n        return loss;", "optimizer.Step(gradients);\n        return loss * 1f;");
        PackageFeed.Must(feed.Build("Shown"));
        var diff = Tool($"diff before.graphs {Graphs} --json").Json;
        Assert.Equal(1, diff.GetProperty("same").GetInt32());
        Assert.Contains("Model.TrainStep is another method now", diff.GetProperty("changes")[0].GetProperty("why").EnumerateArray().Select(w => w.GetString()));

        // A target of text, to show that a container takes more than one kind of code.
        Tool($"lower {App} --targets ir --output ir.graphs");
        Assert.Contains("# kernel_", System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(feed.Folder, "ir.graphs"))), StringComparison.Ordinal);
        Assert.True(Tool("cache list --json").Json.GetProperty("kernels").GetInt32() > 0);
        Assert.True(Tool("cache trim --max-megabytes 0 --json").Json.GetProperty("dropped").GetInt32() > 0);
        Assert.Equal(0, Tool("cache list --json").Json.GetProperty("kernels").GetInt32());

        // What was used last is kept, as far as it fits.
        for (var age = 0; age < 4; age++)
        {
            var kernel = feed.Write($"kernels/{age}.kernel", new string(' ', 400_000));
            File.SetLastWriteTimeUtc(kernel, DateTime.UtcNow.AddDays(-age));
            File.SetLastAccessTimeUtc(kernel, DateTime.UtcNow.AddDays(-age));
        }

        Assert.Equal(2, Tool("cache trim --folder kernels --max-megabytes 1 --json").Json.GetProperty("dropped").GetInt32());
        Assert.Equal(1, Tool("cache trim --folder kernels --unused-days 1 --max-megabytes 1 --json").Json.GetProperty("dropped").GetInt32());
        Assert.True(File.Exists(Path.Combine(feed.Folder, "kernels", "0.kernel")));
        var wrong = Programs.Run(Path.Combine(feed.Folder, "tools", "unified"), "inspect Shown/Model.cs", feed.Folder);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("no graph artifact", wrong.Error, StringComparison.Ordinal);

        Outcome Tool(string arguments) => PackageFeed.Must(Programs.Run(
            Path.Combine(feed.Folder, "tools", "unified"), arguments, feed.Folder, ("UNIFIED_CACHE", Path.Combine(feed.Folder, "tool-kernels"))));
    }

    [Fact]
    public void A_build_says_how_many_methods_run_eagerly_and_which()
    {
        feed.AddProject("Mixed", "Exe");
        feed.Write("Mixed/Program.cs", PackageSources.Mixed);
        var build = PackageFeed.Must(feed.Build("Mixed"));
        Assert.Contains("Mixed.graphs: 1 graphs (0 kept), 1 eager,", build.Output, StringComparison.Ordinal);
        Assert.Matches("warning UG301: M:Mixed.Grows.* runs eagerly: ", build.Output);
        var tool = $"{Programs.Built("Unified.Lowering.Tool", "unified")} lower Mixed/bin/Release/net10.0/Mixed.dll --output mixed.graphs";
        var eager = PackageFeed.Must(Programs.Run("dotnet", $"exec {tool} --json", feed.Folder)).Json.GetProperty("eager");
        Assert.Contains("M:Mixed.Grows", Assert.Single(eager.EnumerateObject()).Name, StringComparison.Ordinal);

        // On a terminal there is a bar.
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "a terminal needs the command 'script'");
        File.Delete(Path.Combine(feed.Folder, "mixed.graphs"));
        var shown = PackageFeed.Must(Programs.Run("script", $"-qec \"dotnet exec {tool}\" /dev/null", feed.Folder, ("TERM", "xterm-256color")));
        Assert.Contains("━", shown.Output, StringComparison.Ordinal);
        Assert.Contains("mixed.graphs: 1 graphs", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_shape_three_libraries_deep_is_an_error_at_its_line()
    {
        feed.AddProject("Deep", "Library");
        feed.Write("Deep/Deep.cs", PackageSources.Layer("Deep", "Tensor _offset = Tensor.Zeros([width])", "int width", "x + _offset"));
        feed.AddProject("Middle", "Library", """<ProjectReference Include="../Deep/Deep.csproj" />""");
        feed.Write("Middle/Middle.cs", PackageSources.Layer("Middle", "Deep.DeepLayer _inner = new(width)", "int width", "_inner.Forward(x)"));
        feed.AddProject("Upper", "Library", """<ProjectReference Include="../Middle/Middle.csproj" />""");
        feed.Write("Upper/Upper.cs", PackageSources.Layer("Upper", "Middle.MiddleLayer _inner = new(width)", "int width", "_inner.Forward(x)"));
        feed.AddProject("Leaf", "Exe", """<ProjectReference Include="../Upper/Upper.csproj" />""");
        feed.Write("Leaf/Program.cs", """
            using Unified;
            var width = int.Parse(args[0]);
            System.Console.WriteLine(new Upper.UpperLayer(width).Forward(Tensor.Zeros([2, width])).Shape);
            public static class Entry
            {
                [AheadOfTime]
                public static void Graphs(GraphSet graphs)
                {
                    var wrong = new Upper.UpperLayer(int.Parse("6"));
                    graphs.Add(() => wrong.Forward(Tensor.Zeros([2, 5])));
                }
            }
            """);
        var build = feed.Build("Leaf");
        Assert.NotEqual(0, build.ExitCode);
        var place = Regex.Escape(Path.Combine(feed.Folder, "Deep", "Deep.cs"));
        Assert.True(Regex.IsMatch(build.Output, $@"{place}\(12,\d+\) ?: error UG300: .*5.*6"), build.Output);
    }

    // No two blocks that are alive at one step have a place in common.
    private static void CheckMemory(JsonElement graph)
    {
        Assert.InRange(graph.GetProperty("arena_bytes").GetInt64(), 64 * 64 * 4, 1 << 24);
        foreach (var program in graph.GetProperty("memory").EnumerateArray().GroupBy(b => b.GetProperty("program").GetString(), StringComparer.Ordinal))
        {
            (long From, long To, int First, int Last)[] blocks =
            [
                .. program.Select(b => (b.GetProperty("offset").GetInt64(), b.GetProperty("offset").GetInt64() + b.GetProperty("bytes").GetInt64(),
                    b.GetProperty("first_step").GetInt32(), b.GetProperty("last_step").GetInt32())),
            ];
            Assert.NotEmpty(blocks);
            Assert.DoesNotContain(
                from a in blocks.Index() from b in blocks.Index() where a.Index < b.Index select (A: a.Item, B: b.Item),
                p => p.A.From < p.B.To && p.B.From < p.A.To && p.A.First <= p.B.Last && p.B.First <= p.A.Last && !LiesOver(p.A, p.B) && !LiesOver(p.B, p.A));
        }

        // A step may write its result over what it reads last.
        static bool LiesOver((long From, long To, int First, int Last) made, (long From, long To, int First, int Last) read) =>
            made.From == read.From && made.To == read.To && made.First == read.Last && read.First < made.First;
    }

    // The format of Chrome's trace viewer: every complete event has a place in time, and every process a name.
    private static void CheckTrace(JsonElement events)
    {
        var kinds = events.EnumerateArray().ToLookup(e => e.GetProperty("ph").GetString(), StringComparer.Ordinal);
        Assert.Equal(["Model.TrainStep", "Model.Forward"], kinds["M"].Select(e => e.GetProperty("args").GetProperty("name").GetString()));
        Assert.Equal([1, 2], kinds["X"].Select(e => e.GetProperty("pid").GetInt32()).Distinct());
        Assert.All(kinds["X"], e => Assert.True(e.GetProperty("ts").GetDouble() >= 0 && e.GetProperty("dur").GetDouble() >= 0 && e.GetProperty("name").GetString()!.Length > 0));
    }

    private static string Answers(Outcome run) => string.Join('\n', run.Output.Split('\n').Where(l => l.StartsWith('(')));

    private static double[] Losses(Outcome run) => [.. LossLine().Matches(run.Output).Select(m => double.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];

    private static string? Linker() => ((string[])["clang", "gcc"]).FirstOrDefault(c =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(f => File.Exists(Path.Combine(f, c))));

    [GeneratedRegex(@"loss (\d+\.\d+)")]
    private static partial Regex LossLine();
}
