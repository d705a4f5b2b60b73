using Unified.Ir;
using Unified.Native;

namespace Unified.Graphs;

/// <summary>The graphs that were compiled when the app was built: in a file beside the app, or in the app's own executable.</summary>
internal sealed class ShippedGraphs
{
    private static readonly Lock s_lock = new();
    private static ShippedGraphs? s_current;
    private static string? s_fileName;
    private static bool s_isRead;

    private readonly ArtifactFile _file;
    private readonly int _target;
    private readonly Dictionary<string, int[]> _byKey;

    private ShippedGraphs(ArtifactFile file, int target)
    {
        (_file, _target) = (file, target);
        _byKey = file.Keys.Index().GroupBy(k => k.Item, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(k => k.Index).ToArray(), StringComparer.Ordinal);
    }

    /// <summary>What the app ships with; null when it has nothing, or nothing that can be used here.</summary>
    public static ShippedGraphs? Current
    {
        get
        {
            if (!Volatile.Read(ref s_isRead))
            {
                lock (s_lock)
                {
                    if (!s_isRead)
                    {
                        s_current = s_fileName is null ? null : Read(s_fileName);
                        Volatile.Write(ref s_isRead, true);
                    }
                }
            }

            return s_current;
        }
    }

    /// <summary>Names the file; null: none. It is looked for where the app's own files are, and nowhere else.</summary>
    /// <exception cref="ArgumentException">The name has a folder in it.</exception>
    public static void Use(string? fileName)
    {
        if (fileName is not null && (fileName.Length == 0 || Path.GetFileName(fileName) != fileName))
        {
            throw new ArgumentException($"'{fileName}' is not the name of a file in the app's folder", nameof(fileName));
        }

        lock (s_lock)
        {
            (s_fileName, s_current, s_isRead) = (fileName, null, fileName is null);
        }
    }

    /// <summary>These, whatever the app ships with; null: none.</summary>
    public static void Use(ShippedGraphs? graphs)
    {
        lock (s_lock)
        {
            (s_fileName, s_current, s_isRead) = (null, graphs, true);
        }
    }

    /// <summary>Graphs from bytes.</summary>
    /// <exception cref="InvalidDataException">The bytes are no artifact, or a damaged one, or it has no code for <paramref name="cpu"/>.</exception>
    public static ShippedGraphs Open(ReadOnlySpan<byte> bytes, TargetCpu cpu)
    {
        var file = ArtifactCodec.Open(bytes);
        return new ShippedGraphs(file, ChooseTarget(file.Targets, cpu));
    }

    /// <summary>The graphs of a method, by number.</summary>
    public IReadOnlyList<int> Of(string key) => _byKey.GetValueOrDefault(key, []);

    public RecordedFunction Function(int graph) => _file.Function(graph);

    /// <summary>The graph bound to this call's objects; null where something that it was made from is different.</summary>
    /// <exception cref="InvalidDataException">The graph refers to what is not there.</exception>
    public Specialization? TryBind(int graph, FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, out string why)
    {
        var recorded = _file.Function(graph);
        why = $"it is for mixed precision {recorded.Precision}, and the call is under {MixedPrecision.Policy}";
        if (recorded.Precision != MixedPrecision.Policy)
        {
            return null;
        }

        why = "its arguments have other types or sizes";
        if (BindRecorded.Signature(recorded.Arguments, arguments) is not { } signature)
        {
            return null;
        }

        var values = new object?[arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i].ToObject();
        }

        return ReplayTrace.Run(recorded.Trace, function, self, recorded.Arguments, values, out why) is { } replay
            ? new Specialization(signature, recorded.Precision, null, new Executable(BindRecorded.Run(recorded, _file.Kernels(graph, _target), replay), signature)) { IsShipped = true }
            : null;
    }

    /// <summary>The one with the most features that the machine has all of.</summary>
    private static int ChooseTarget(IReadOnlyList<string> targets, TargetCpu cpu)
    {
        var best = -1;
        var features = -1;
        for (var i = 0; i < targets.Count; i++)
        {
            var target = Parse(targets[i]);
            if (cpu.CanRun(target) && target.Features.Count > features)
            {
                (best, features) = (i, target.Features.Count);
            }
        }

        return best >= 0 ? best : throw new InvalidDataException($"it has code for {string.Join(", ", targets)}; this machine is {cpu}");
    }

    private static TargetCpu Parse(string target)
    {
        try
        {
            return TargetCpu.Parse(target);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static ShippedGraphs? Read(string fileName)
    {
        var path = Path.Combine(AppContext.BaseDirectory, fileName);
        try
        {
            return EmbeddedGraphs.TryGet(out var embedded) ? Open(embedded, HostCpu.Target)
                : File.Exists(path) ? Open(File.ReadAllBytes(path), HostCpu.Target)
                : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            GraphRuntime.Log($"the app's compiled graphs ({fileName}) are not used: {e.Message}");
            return null;
        }
    }
}
