using System.Collections.Concurrent;
using Unified.Ir;

namespace Unified.Lowering.Tune;

/// <summary>Turns the options of a compilation into the numbers that its kernels are written by: those that it names, those of the machine's table, or the default.</summary>
public static class ChooseTuning
{
    /// <summary>The environment variable that names a table, or says <c>off</c>: the default.</summary>
    public const string Variable = "UNIFIED_TUNING";

    private const string Off = "off";

    // A table is read once: what a process computes does not change while it runs.
    private static readonly ConcurrentDictionary<(string? Folder, string? Named), Lazy<TuningTable?>> s_tables = [];

    /// <exception cref="GraphCompileException">The table that the environment names cannot be read; the message names file and line.</exception>
    public static Tuning For(CompileOptions options)
    {
        if (options.Tuning is { } given)
        {
            return given;
        }

        var named = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? text : null;
        return named == Off ? Tuning.Default
            : s_tables.GetOrAdd((options.CacheFolder, named), key => new(() => Read(key.Folder, key.Named, options.Warn))).Value?.For(options.RunThreads) ?? Tuning.Default;
    }

    /// <summary>The table of a machine's own folder is an offer: where it is no good, that is said once, and the default is taken. One that somebody named is an order.</summary>
    internal static TuningTable? Read(string? folder, string? named, Action<string> warn)
    {
        var path = named ?? TuningTable.HostPath(folder);
        if (named is null && !File.Exists(path))
        {
            return null;
        }

        try
        {
            var (table, host) = (TuningTable.Load(path), MachineType.Host(1));
            if (table.Machine.IsLike(host))
            {
                return table;
            }

            warn($"{path}: the table of tuned numbers is of another kind of machine ({table.Machine}) and is not used; run 'unified tune' on this one");
            return null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            if (named is not null)
            {
                throw new GraphCompileException($"{Variable} names a table of tuned numbers that cannot be used: {e.Message}", null, e);
            }

            warn($"the table of tuned numbers is not used: {e.Message}");
            return null;
        }
    }
}
