using System.Runtime.CompilerServices;

namespace Unified.Generators.Tests;

/// <summary>Compares with a file beside the test; <c>UPDATE_GOLDEN=1</c> writes it instead.</summary>
internal static class GoldenFile
{
    public static void Matches(string actual, string name, [CallerFilePath] string test = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(test)!, name);
        var received = actual.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, received);
            return;
        }

        Assert.True(File.Exists(path), $"{name} is missing; run with UPDATE_GOLDEN=1");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), received);
    }
}
