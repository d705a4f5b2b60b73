using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>Numbers tuned for a machine: the command that finds them, the table that keeps them, and what uses it.</summary>
public sealed class TuneTests : IDisposable
{
    private const string Settings = "product unroll=8; product low_panels=2";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Table => Path.Combine(_folder.Path, "tuning.json");

    private static string App => Programs.Built("Continue", "Continue");

    [Fact]
    public void The_command_measures_writes_a_table_and_says_before_and_after()
    {
        var run = Tool($"tune \"{App}\" --dim B=1 T=8 --budget 4 --output \"{Table}\" --json");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.NotEmpty(run.Json.GetProperty("trials").EnumerateArray());
        Assert.DoesNotContain("disagrees", run.Output, StringComparison.Ordinal);
        Assert.True(run.Json.GetProperty("before_ms").GetDouble() > 0 && run.Json.GetProperty("after_ms").GetDouble() > 0);
        Assert.Contains("mat_mul", run.Json.GetProperty("kernels").ToString(), StringComparison.Ordinal);
        using var table = JsonDocument.Parse(File.ReadAllText(Table));
        Assert.Equal(1, table.RootElement.GetProperty("version").GetInt32());
        Assert.Equal(run.Json.GetProperty("machine").GetProperty("processor").GetString(), table.RootElement.GetProperty("machine").GetProperty("processor").GetString());

        // Again, for people, and with what another run has found.
        Write(Table, "attention_gradient query_rows=24");
        run = Tool($"tune \"{App}\" --dim B=1 T=8 --budget 0.5 --output \"{Table}\"");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("ms by default", run.Output, StringComparison.Ordinal);
        Assert.Contains("query_rows", File.ReadAllText(Table), StringComparison.Ordinal);
        Assert.Contains("--budget is -1", Tool($"tune \"{App}\" --budget -1").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_can_ship_with_an_app()
    {
        var output = Path.Combine(_folder.Path, "app.graphs");
        string Lower(string more) => $"lower \"{App}\" --targets x64-v3 --output \"{output}\" --json {more}";
        Write(Table, Settings);
        Must(Lower(""));
        File.Copy(output, output + ".before");
        Assert.Equal("", Must($"inspect \"{output}\" --json").GetProperty("tuning").GetString());
        Assert.Equal(0, Must(Lower($"--tuning \"{Table}\"")).GetProperty("kept").GetInt32());
        Assert.Contains("product/small unroll=8", Must($"inspect \"{output}\" --json").GetProperty("tuning").GetString(), StringComparison.Ordinal);
        Assert.Contains("tuned to the default and to 'product/large unroll=8;", Tool($"diff \"{output}.before\" \"{output}\"").Output, StringComparison.Ordinal);
        Assert.Equal(1, Must(Lower($"--tuning \"{Table}\"")).GetProperty("kept").GetInt32());
        Assert.Equal(0, Must(Lower("")).GetProperty("kept").GetInt32());
        Assert.Equal(File.ReadAllBytes(output + ".before"), File.ReadAllBytes(output));
    }

    [Fact]
    public void A_bad_table_is_an_error_where_it_is_named_and_a_warning_where_it_lies()
    {
        File.WriteAllText(Table, "{\n  \"version\": 1,\n  \"settings\": { \"product\": { \"unroll\": 3 } }\n}");
        var lower = Tool($"lower \"{App}\" --tuning \"{Table}\" --output \"{_folder.Path}/app.graphs\"");
        Assert.Equal(1, lower.ExitCode);
        Assert.Contains($"error UG300: {Table}(3): 'unroll' is 3; it may be 1, 2, 4, 8", lower.Error, StringComparison.Ordinal);

        var named = Train(("UNIFIED_TUNING", Table));
        Assert.NotEqual(0, named.ExitCode);
        Assert.Contains($"UNIFIED_TUNING names a table of tuned numbers that cannot be used: {Table}(3): ", named.Error, StringComparison.Ordinal);

        var cache = Path.Combine(_folder.Path, "cache");
        var path = HostPath(cache);
        File.Copy(Table, path);
        var lying = Train(("UNIFIED_CACHE", cache));
        Assert.True(lying.ExitCode == 0, lying.Error + lying.Output);
        Assert.Equal(2, lying.Error.Split($"the table of tuned numbers is not used: {path}(3): ").Length);
    }

    [Fact]
    public void The_table_of_the_machine_changes_code_and_not_results()
    {
        var cache = Path.Combine(_folder.Path, "cache");
        var path = HostPath(cache);
        var usual = Train(("UNIFIED_CACHE", cache));
        Assert.True(usual.ExitCode == 0, usual.Error);
        var kernels = Directory.GetFiles(cache, "*.kernel").Length;
        Write(path, Settings);
        var tuned = Train(("UNIFIED_CACHE", cache));
        Assert.True(tuned.ExitCode == 0, tuned.Error);
        Assert.Equal("", tuned.Error);
        Assert.True(Directory.GetFiles(cache, "*.kernel").Length > kernels);
        Assert.Equal(usual.Json.GetProperty("loss_last").GetDouble(), tuned.Json.GetProperty("loss_last").GetDouble());
        Train(("UNIFIED_CACHE", cache), ("UNIFIED_TUNING", "off"));
        Assert.Equal(0, Train(("UNIFIED_CACHE", cache), ("UNIFIED_TUNING", path)).ExitCode);
    }

    private static Outcome Tool(string arguments, params (string Name, string Value)[] environment) =>
        Programs.Run("dotnet", $"exec \"{Programs.Built("Unified.Lowering.Tool", "unified")}\" {arguments}", Programs.Root, environment);

    private static JsonElement Must(string arguments)
    {
        var run = Tool(arguments);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        return run.Json;
    }

    private Outcome Train(params (string Name, string Value)[] environment) => Programs.TextGpt(
        $"--layers 1 --width 64 --heads 2 --context 32 --batch 4 --json --mode graph --steps 5 --generate 0 --out \"{_folder.Path}\"", environment);

    // Where the tool keeps this machine's table, found by letting it write one.
    private static string HostPath(string cache)
    {
        var run = Tool($"tune \"{App}\" --dim B=1 T=2 --budget 0.01 --json", ("UNIFIED_CACHE", cache));
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        var path = run.Json.GetProperty("output").GetString()!;
        Assert.Equal(cache, Path.GetDirectoryName(path));
        File.Delete(path);
        return path;
    }

    // A table of this machine with some settings: what the command writes, with others in it.
    private static void Write(string path, string settings)
    {
        var run = Tool($"tune \"{App}\" --dim B=1 T=2 --budget 0.01 --output \"{path}.new\"");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        var classes = settings.Split("; ").Select(s => s.Split([' ', '='])).GroupBy(s => s[0])
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"\"{g.Key}\": {{ {string.Join(", ", g.Select(s => $"\"{s[1]}\": {s[2]}"))} }}"));
        File.WriteAllText(path, File.ReadAllText(path + ".new").Replace("\"settings\": {}", $"\"settings\": {{ {string.Join(", ", classes)} }}", StringComparison.Ordinal));
        Assert.Contains(settings.Split('=')[0].Split(' ')[1], File.ReadAllText(path), StringComparison.Ordinal);
    }
}
