using System.Text.Json;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>The benchmarks run, and say what they promise to. What they measure is not tested: a busy machine may be slow.</summary>
public sealed class BenchmarksTests
{
    private static string Path => Programs.TextGptPath.Replace("TextGpt", "Benchmarks", StringComparison.Ordinal).Replace("Benchmarks.dll", "Unified.Benchmarks.dll", StringComparison.Ordinal);

    [Fact]
    public void Each_row_is_a_json_object_with_its_peer()
    {
        var run = Programs.Run(
            "dotnet", $"exec \"{Path}\" --only \"^(tiny_graph/f32/16|softmax/f32/64x1024|mlp/f32/64)$\" --threads 1 2 --budget 0.1 --no-libtorch --json", Programs.Root);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        var rows = run.Output.Split('\n').Where(l => l.StartsWith('{')).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(6, rows.Count);
        Assert.Equal([1, 2], rows.Select(r => r.GetProperty("threads").GetInt32()).Distinct());
        foreach (var row in rows)
        {
            Assert.True(row.GetProperty("ours_ms").GetDouble() > 0);
            Assert.True(row.GetProperty("peers").GetProperty("onnxruntime").GetDouble() > 0);
            var limited = row.GetProperty("limit").ValueKind != JsonValueKind.Null;
            Assert.Equal(!row.GetProperty("work").GetString()!.StartsWith("tiny", StringComparison.Ordinal), limited);
            if (limited)
            {
                Assert.Contains(row.GetProperty("limit").GetString(), (string[])["fma", "streams", "ports"]);
                var (share, most) = (row.GetProperty("share_of_limit").GetDouble(), row.GetProperty("most_possible").GetDouble());
                Assert.Equal(row.GetProperty("best_peer").GetDouble() / share, most, most * 1e-9);
            }

            Assert.Equal(row.GetProperty("floor").GetString()!.Length == 0, row.GetProperty("met").ValueKind == JsonValueKind.Null);
        }

        Assert.Contains("libtorch is not in this table: not asked for", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_time_is_told_phase_by_phase_and_a_warm_cache_makes_no_kernel()
    {
        var run = Programs.Run("dotnet", $"exec \"{Path}\" --compile-time --only Continue --json", Programs.Root);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        var row = JsonDocument.Parse(Assert.Single(run.Output.Split('\n'), l => l.StartsWith('{'))).RootElement;
        JsonElement one = row.GetProperty("one_thread"), all = row.GetProperty("all_threads"), warm = row.GetProperty("warm");
        Assert.Equal("samples/Continue", row.GetProperty("program").GetString());
        Assert.Equal(0, warm.GetProperty("Made").GetInt32());
        Assert.True(one.GetProperty("Made").GetInt32() > 0 && one.GetProperty("Made").GetInt32() == all.GetProperty("Made").GetInt32());
        Assert.Equal(one.GetProperty("Kernels").GetInt32(), warm.GetProperty("Kernels").GetInt32());
        Assert.All((string[])["Specialize", "Passes", "Schedule", "Code"], phase => Assert.True(one.GetProperty(phase).GetDouble() > 0));
        Assert.Contains("samples/Continue", run.Output.Split('\n').Last(l => l.Contains('│')), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_nothing_has_is_one_clear_line()
    {
        var run = Programs.Run("dotnet", $"exec \"{Path}\" --only nothing --threads 1", Programs.Root);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("no work is called like 'nothing'; there are: gemm/f32/512", run.Error, StringComparison.Ordinal);
    }
}
