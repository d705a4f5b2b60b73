using System.Globalization;
using System.Text;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>The main sample, started as a user would.</summary>
public sealed class TextGptTests : IDisposable
{
    private const string Tiny = "--layers 2 --width 64 --heads 2 --context 32 --batch 4 --json";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("graph")]
    [InlineData("eager")]
    public void It_trains_draws_saves_and_generates(string mode)
    {
        var run = Programs.TextGpt($"{Tiny} --mode {mode} --steps 30 --lr 3e-3 --generate 20 --out \"{_folder.Path}\"");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Equal(mode, run.Json.GetProperty("mode").GetString());
        Assert.True(run.Json.GetProperty("loss_last").GetDouble() < 0.8 * run.Json.GetProperty("loss_first").GetDouble());
        Assert.True(new FileInfo(Path.Combine(_folder.Path, "checkpoint.safetensors")).Length > 100_000);
        Assert.Equal("PNG"u8.ToArray(), File.ReadAllBytes(Path.Combine(_folder.Path, "loss.png"))[1..4]);
    }

    [Fact]
    public void Both_modes_agree_with_dropout_too()
    {
        var run = Programs.TextGpt($"{Tiny} --mode compare --steps 50 --dropout 0.1 --out \"{_folder.Path}\"");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.True(run.Json.GetProperty("loss_step1_rel_diff").GetDouble() <= 1e-6, run.Output);
        Assert.True(run.Json.GetProperty("loss_max_rel_diff").GetDouble() <= 1e-4, run.Output);
        Assert.True(run.Json.GetProperty("grad_max_rel_diff").GetDouble() <= 1e-4, run.Output);
    }

    [Fact]
    public void Training_in_bf16_reaches_the_loss_of_f32_and_both_modes_agree()
    {
        var losses = ((string[])["f32", "bf16", "bf16 --level O2"]).Select(precision =>
        {
            var run = Programs.TextGpt($"{Tiny} --steps 60 --precision {precision} --generate 0 --out \"{_folder.Path}\"");
            Assert.True(run.ExitCode == 0, run.Error + run.Output);
            Assert.Equal(0, run.Json.GetProperty("managed_bytes_per_step").GetDouble());

            // A single batch's loss differs by some hundredths where one step went another way; which it is depends on the text.
            return run.Json.GetProperty("loss_held_out").GetDouble();
        }).ToArray();
        Assert.All(losses, l => Assert.Equal(losses[0], l, 0.01 * losses[0]));
        Assert.Equal(3, losses.Distinct().Count());

        var both = Programs.TextGpt($"{Tiny} --mode compare --steps 20 --precision bf16 --dropout 0.1 --out \"{_folder.Path}\"");
        Assert.True(both.ExitCode == 0, both.Error + both.Output);
        Assert.True(both.Json.GetProperty("loss_step1_rel_diff").GetDouble() <= 1e-4, both.Output);
        Assert.True(both.Json.GetProperty("loss_max_rel_diff").GetDouble() <= 5e-3, both.Output);
        Assert.True(both.Json.GetProperty("grad_max_rel_diff").GetDouble() <= 2e-2, both.Output);
    }

    [Fact]
    public void The_step_is_one_graph_and_allocates_nothing()
    {
        var run = Programs.TextGpt($"{Tiny} --steps 12 --out \"{_folder.Path}\" --generate 0");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);

        // The step, and the evaluation of held-out text.
        Assert.Equal(2, run.Json.GetProperty("compiled_graphs").GetInt32());
        Assert.Equal(0, run.Json.GetProperty("managed_bytes_per_step").GetDouble());
    }

    [Fact]
    public void A_warm_cache_needs_no_llvm_and_a_cold_one_says_what_to_install()
    {
        var cache = Path.Combine(_folder.Path, "cache");
        (string, string)[] noLlvm = [("UNIFIED_CACHE", cache), ("UNIFIED_LIBLLVM", "/nonexistent/libLLVM.so")];
        var arguments = $"{Tiny} --steps 3 --generate 20 --out \"{_folder.Path}\"";

        var cold = Programs.TextGpt(arguments, noLlvm);
        Assert.NotEqual(0, cold.ExitCode);
        Assert.Contains("UNIFIED_LIBLLVM", cold.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", cold.Error, StringComparison.Ordinal);

        var first = Programs.TextGpt(arguments, ("UNIFIED_CACHE", cache));
        Assert.True(first.ExitCode == 0, first.Error);
        Assert.True(first.Json.GetProperty("llvm_loaded").GetBoolean());

        var warm = Programs.TextGpt(arguments, noLlvm);
        Assert.True(warm.ExitCode == 0, warm.Error);
        Assert.False(warm.Json.GetProperty("llvm_loaded").GetBoolean());
        Assert.Equal(first.Json.GetProperty("loss_last").GetDouble(), warm.Json.GetProperty("loss_last").GetDouble());
    }

    [Fact]
    public void A_resumed_run_ends_in_the_same_bits()
    {
        string Folder(string name) => Path.Combine(_folder.Path, name);
        const string Run = $"{Tiny} --steps 12 --dropout 0.1 --generate 0";
        Assert.Equal(0, Programs.TextGpt($"{Run} --out \"{Folder("whole")}\"").ExitCode);
        Assert.Equal(0, Programs.TextGpt($"{Run} --out \"{Folder("half")}\" --stop-after 5").ExitCode);
        var resumed = Programs.TextGpt($"{Run} --out \"{Folder("half")}\" --resume \"{Folder("half")}/checkpoint.safetensors\"");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(File.ReadAllBytes(Folder("whole/checkpoint.safetensors")), File.ReadAllBytes(Folder("half/checkpoint.safetensors")));
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        string Folder(int threads) => Path.Combine(_folder.Path, threads.ToString(CultureInfo.InvariantCulture));
        foreach (var threads in (int[])[1, 2, 3])
        {
            var run = Programs.TextGpt(
                $"{Tiny} --steps 8 --dropout 0.1 --generate 0 --out \"{Folder(threads)}\"", ("UNIFIED_THREADS", threads.ToString(CultureInfo.InvariantCulture)));
            Assert.True(run.ExitCode == 0, run.Error);
        }

        var expected = File.ReadAllBytes(Path.Combine(Folder(1), "checkpoint.safetensors"));
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(Folder(2), "checkpoint.safetensors")));
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(Folder(3), "checkpoint.safetensors")));
    }

    [Fact]
    public void A_kill_leaves_a_checkpoint_that_opens()
    {
        var path = Path.Combine(_folder.Path, "checkpoint.safetensors");
        using (var process = Programs.Start(
            "dotnet", $"exec \"{Programs.TextGptPath}\" {Tiny} --steps 100000 --generate 0 --save-every 1 --out \"{_folder.Path}\"", Programs.Root))
        {
            _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            for (var i = 0; i < 1200 && !File.Exists(path); i++)
            {
                Thread.Sleep(100);
            }

            Thread.Sleep(700);
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        var resumed = Programs.TextGpt($"{Tiny} --resume \"{path}\" --out \"{_folder.Path}/again\" --generate 0 --stop-after {StepOf(path) + 2}");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(2, resumed.Json.GetProperty("steps").GetInt32());
    }

    public static TheoryData<string, string> BadInput => new()
    {
        { "--data /nonexistent/file.txt", "no such file" },
        { "--data {empty}", "there is no text" },
        { "--data {short} --context 64", "too few" },
        { "--resume /nonexistent.safetensors", "no such file" },
        { "--resume {truncated}", "cannot be read as a checkpoint" },
        { "--resume {garbage}", "cannot be read as a checkpoint" },
        { "--width 65 --heads 2", "cannot be split" },
        { "--steps 0", "above 0" },
        { "--dropout 1.5", "dropout" },
    };

    [Theory]
    [MemberData(nameof(BadInput))]
    public void Bad_input_is_one_clear_line(string arguments, string expected)
    {
        var empty = _folder.Write("empty.txt", "");
        var shortText = _folder.Write("short.txt", "a few words");
        var garbage = _folder.Write("garbage.safetensors", string.Concat(Enumerable.Repeat("nothing of the kind ", 100)));
        var truncated = Path.Combine(_folder.Path, "truncated.safetensors");
        File.WriteAllBytes(truncated, [.. BitConverter.GetBytes(64L), .. Encoding.UTF8.GetBytes("{\"a\":{\"dtype\":\"F32\"")]);
        var before = Directory.GetFiles(_folder.Path).ToDictionary(f => f, File.ReadAllBytes);

        var run = Programs.TextGpt($"--generate 0 --out \"{_folder.Path}\" {(arguments.Contains("--steps", StringComparison.Ordinal) ? "" : "--steps 2 ")}" + arguments
            .Replace("{empty}", empty, StringComparison.Ordinal).Replace("{short}", shortText, StringComparison.Ordinal)
            .Replace("{garbage}", garbage, StringComparison.Ordinal).Replace("{truncated}", truncated, StringComparison.Ordinal));

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.All(before, f => Assert.Equal(f.Value, File.ReadAllBytes(f.Key)));
        Assert.Equal(before.Count, Directory.GetFiles(_folder.Path).Length);
    }

    private static int StepOf(string checkpoint)
    {
        using var file = File.OpenRead(checkpoint);
        using var reader = new BinaryReader(file);
        var header = System.Text.Json.JsonDocument.Parse(reader.ReadBytes((int)reader.ReadInt64()));
        return int.Parse(header.RootElement.GetProperty("__metadata__").GetProperty("step").GetString()!, CultureInfo.InvariantCulture);
    }
}
