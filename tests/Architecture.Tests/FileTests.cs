using Xunit;

namespace Unified.Architecture.Tests;

/// <summary>Files are small and say what they are.</summary>
public class FileTests
{
    private const int MostLines = 600;

    [Fact]
    public void No_file_is_longer_than_six_hundred_lines() =>
        Assert.All(Repository.Files("*.cs"), f => Assert.True(Repository.Read(f).Split('\n').Length <= MostLines + 1, $"{f} is too long: split it by concept"));

    [Fact]
    public void Nothing_in_the_house_is_a_manager_helper_or_utility()
    {
        var names = Repository.Files("*.cs").Select(f => Path.GetFileNameWithoutExtension(f)!);
        Assert.DoesNotContain(names, n => n.EndsWith("Manager", StringComparison.Ordinal) || n.EndsWith("Helper", StringComparison.Ordinal)
            || n.EndsWith("Helpers", StringComparison.Ordinal) || n.EndsWith("Utils", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_known_things_lie_at_the_root()
    {
        string[] folders = [".ci", ".git", "Generators", "Lowering", "Native", "Runtime", "artifacts", "docs", "TestResults", "runs", "samples", "tests"];
        Assert.All(Directory.GetDirectories(Repository.Root).Select(d => Path.GetFileName(d)!), d => Assert.Contains(d, folders));
    }

    [Fact]
    public void A_pass_opens_with_what_it_turns_into_what()
    {
        var passes = Repository.Files("*.cs").Where(f => f.StartsWith("Lowering/Unified.Lowering/Passes/", StringComparison.Ordinal)
            && Repository.Read(f).Contains(": IPass", StringComparison.Ordinal) && !f.EndsWith("IPass.cs", StringComparison.Ordinal));
        Assert.All(passes, f => Assert.Contains("Turns ", Repository.Read(f), StringComparison.Ordinal));
    }
}
