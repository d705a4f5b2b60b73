using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>The small samples, started as a user would.</summary>
public sealed class ClassicsTests
{
    [Theory]
    [InlineData("mlp", 6, "accuracy", 0.6)]
    [InlineData("lstm", 6, "accuracy", 0.95)]
    [InlineData("resnet", 4, "accuracy", 0.9)]
    [InlineData("vae", 4, "error", 0.06)]
    public void A_sample_learns(string task, int epochs, string value, double bound)
    {
        var run = Programs.Classics($"{task} --epochs {epochs}");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.DoesNotContain("eagerly", run.Error + run.Output, StringComparison.Ordinal);
        var reached = run.Json.GetProperty(value).GetDouble();
        Assert.True(value == "accuracy" ? reached > bound : reached < bound, run.Output);
        Assert.True(run.Json.GetProperty("loss").GetDouble() < run.Json.GetProperty("first_loss").GetDouble(), run.Output);
    }

    [Theory]
    [InlineData("mlp")]
    [InlineData("lstm")]
    [InlineData("vae")]
    public void An_epoch_is_the_same_in_both_modes(string task)
    {
        var (graph, eager) = (Programs.Classics($"{task} --epochs 1"), Programs.Classics($"{task} --epochs 1 --eager"));
        Assert.True(graph.ExitCode == 0 && eager.ExitCode == 0, graph.Error + eager.Error);
        Assert.Equal("eager", eager.Json.GetProperty("mode").GetString());
        var expected = eager.Json.GetProperty("loss").GetDouble();
        Assert.Equal(expected, graph.Json.GetProperty("loss").GetDouble(), 1e-3 * expected);
    }

    [Fact]
    public void An_unknown_task_is_answered_with_those_there_are()
    {
        var run = Programs.Classics("cnn");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("mlp, resnet", run.Error, StringComparison.Ordinal);
    }
}
