using Unified.Ir;
using Unified.Lowering.Artifacts;

namespace Unified.Lowering.Tune;

/// <summary>What was found best on a kind of machine. <see cref="TuningTableText"/> is its file.</summary>
public sealed record TuningTable(MachineType Machine, Tuning Tuning)
{
    /// <summary>Raised whenever the file's layout or the meaning of a tunable changes.</summary>
    public const int FormatVersion = 1;

    /// <summary>Where the table of this machine is kept: beside the compiled kernels.</summary>
    /// <param name="folder">Of the kernels; null: the user's.</param>
    public static string HostPath(string? folder = null) => Path.Combine(folder ?? KernelStore.DefaultFolder, $"tuning-{MachineType.Host(1).Key}.json");

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is no table, of another version, or names what there is not; the message names file and line.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TuningTable Load(string path) => TuningTableText.Parse(File.ReadAllBytes(path), path);

    /// <summary>Writes a file; its folder is made where there is none. A reader sees the former table or this one.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(temporary, TuningTableText.Print(this));
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>The numbers for a machine like this one that runs graphs on so many threads: where these are others, those that change rounding, so that bits do not depend on threads.</summary>
    public Tuning For(int threads) => threads == Machine.Threads ? Tuning : Tuning.Where(changesRounding: true);
}
