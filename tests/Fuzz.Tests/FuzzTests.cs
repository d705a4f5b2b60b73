using System.Diagnostics;
using System.Text.Json;

namespace Unified.Fuzz.Tests;

/// <summary>The short form of the fuzzer, which starts it as a user would.</summary>
public class FuzzTests
{
    [Fact]
    public async Task Every_case_of_the_corpus_is_accepted_and_equal()
    {
        var (code, output, errors) = await Fuzz("--corpus", Path.Combine(AppContext.BaseDirectory, "Corpus"));
        Assert.True(code == 0, output + errors);
    }

    [Fact]
    public Task Random_programs_agree_in_both_modes() => Clean("--programs", "100", "--seed", "1", "--jobs", "2");

    [Fact]
    public Task Mutated_snippets_of_the_language_page_are_errors_with_a_place_or_equal() =>
        Clean("--programs", "120", "--seed", "2", "--jobs", "2", "--mutate", "--snippets", Path.Combine(AppContext.BaseDirectory, "syntax.md"));

    private static async Task Clean(params string[] options)
    {
        var (code, output, errors) = await Fuzz([.. options, "--no-shrink", "--json", "--seconds", "600"]);
        Assert.True(code == 0, output + errors);
        using var json = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]);
        int Number(string name) => json.RootElement.GetProperty(name).GetInt32();
        Assert.Equal(0, Number("differences") + Number("crashes") + Number("hangs"));

        // A fuzzer whose programs are refused, or fall back to eager, tests nothing.
        Assert.True(Number("accepted") - Number("eager") > Number("programs") / 5, output);
    }

    private static async Task<(int Code, string Output, string Errors)> Fuzz(params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Unified.Fuzz.dll"), .. options]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
