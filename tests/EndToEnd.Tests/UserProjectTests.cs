using System.Globalization;
using System.Text;
using Xunit;

namespace Unified.EndToEnd.Tests;

/// <summary>What the user of a project outside of this repository sees: of <c>dotnet build</c>, and of the built programs.</summary>
public sealed class UserProjectTests(UserProjectBuilds builds) : IClassFixture<UserProjectBuilds>
{
    private UserProjectFolder Folder => builds.Folder;

    [Fact]
    public void Try_out()
    {
        File.WriteAllText("/tmp/user-sound.txt", builds.Sound.Output);
        File.WriteAllText("/tmp/user-faulty.txt", builds.Faulty.Output);
        var all = new StringBuilder();
        foreach (var (p, c, a, e) in new (string, string, string, (string, string)[])[] {
            ("Mlp", "Debug", "", []), ("Mlp", "Release", "", []), ("Mlp", "Debug", "", [("UNIFIED_MODE", "graph")]), ("Mlp", "Release", "", [("UNIFIED_MODE", "eager")]),
            ("Mlp", "Release", "argument", []), ("Mlp", "Release", "inside", []), ("Mlp", "Debug", "argument", []), ("Mlp", "Debug", "inside", []),
            ("Mlp", "Release", "", [("UNIFIED_CACHE", Folder.Path + "/empty"), ("UNIFIED_LIBLLVM", "/nonexistent")]),
            ("Suppressed", "Release", "", []), ("Application", "Release", "", []) })
        {
            var r = Folder.Run(p, c, a, e);
            all.AppendLine(CultureInfo.InvariantCulture, $"=== {p} {c} {a} -> {r.ExitCode}\n{r.Output}--\n{r.Error}");
        }
        File.WriteAllText("/tmp/user-runs.txt", all.ToString());
        Programs.Run("cp", $"-r {Folder.Path} /tmp/user-copy", "/tmp");
    }
}
