using System.Globalization;

namespace Unified.Lowering;

/// <summary>Writes what each phase made as text files, numbered in order, into a folder of the compilation's own.</summary>
internal sealed class PhaseDump
{
    private static int s_compilations;

    private readonly string _folder;
    private int _files;

    private PhaseDump(string folder) => _folder = folder;

    /// <summary>Null when nothing is to be dumped.</summary>
    public static PhaseDump? Open(string? folder, string function)
    {
        if (folder is null)
        {
            return null;
        }

        var number = Interlocked.Increment(ref s_compilations).ToString("000", CultureInfo.InvariantCulture);
        var own = Path.Combine(folder, $"{number}-{function}");
        Directory.CreateDirectory(own);
        return new PhaseDump(own);
    }

    public void Write(Phase phase, string name, string text) =>
        File.WriteAllText(Path.Combine(_folder, $"{_files++:00}-{phase}-{name}.txt".ToLowerInvariant()), text + "\n");
}
