using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;

namespace Unified.Tool.Inspect;

/// <summary>What one graph of an artifact is, for people.</summary>
/// <param name="Method">Type and method, without the namespace.</param>
/// <param name="Signature">The arguments that it takes.</param>
/// <param name="Dims">The sizes that it serves any of.</param>
/// <param name="Kernels">Kernels of one target.</param>
/// <param name="CodeBytes">Object code by target.</param>
/// <param name="ArenaBytes">Working memory for the given sizes.</param>
/// <param name="Memory">Where in it each block lies, and for how long.</param>
/// <param name="Flops">Floating-point operations of one call for these sizes.</param>
internal sealed record GraphFacts(
    string Key, string Method, string Signature, string Origin, IReadOnlyList<string> Dims, int Methods, int HostValues, int Programs, int Launches, int Kernels,
    IReadOnlyDictionary<string, long> CodeBytes, long ArenaBytes, IReadOnlyList<MemoryBlock> Memory, long Flops, long Traffic)
{
    /// <param name="sizes">Of named dims; those that are not there are 1.</param>
    public static GraphFacts Of(ArtifactFile file, int graph, IReadOnlyDictionary<string, long> sizes)
    {
        var function = file.Function(graph);
        var image = function.Image;
        var dims = image.Dims.ToDictionary(d => d, d => sizes.TryGetValue(d, out var size) ? size : 1, StringComparer.Ordinal);
        VerifyImage.Run(image with { Kernels = file.Kernels(graph, 0) });
        var sized = SizedProgram.Of(image, dims);
        var (launches, flops, traffic) = Work(sized, 1);
        return new GraphFacts(
            function.Key, MethodOf(function.Key), SignatureOf(function.Arguments) + (function.Precision.IsNone ? "" : $" in {function.Precision}"), function.Origin, image.Dims, function.Trace.Definitions.Length,
            function.Trace.Steps.Length, image.Programs.Length, launches, file.Kernels(graph, 0).Length,
            file.Targets.Select((t, i) => (t, file.Kernels(graph, i).DistinctBy(k => k.Key).Sum(k => (long)k.Object.Length))).ToDictionary(p => p.t, p => p.Item2, StringComparer.Ordinal),
            sized.ArenaBytes, MemoryPlan.Of(sized), flops, traffic);
    }

    public static string MethodOf(string key)
    {
        var name = key.Split('(')[0].Split('.');
        return name.Length < 2 ? key : $"{name[^2]}.{name[^1]}";
    }

    public static string SignatureOf(ImmutableArray<ArgumentSpec> arguments) => string.Join(", ", arguments.Select(a => a switch
    {
        TensorSpec t => t.Type.ToString(),
        TensorListSpec l => $"[{string.Join(", ", l.Types)}]",
        RecordedHostSpec { Value: HostLiteral literal } => $"{literal.Value ?? "null"}",
        _ => "object",
    }));

    // Loops count once: how often they turn is known when they run.
    private static (int Launches, long Flops, long Traffic) Work(SizedProgram program, int depth)
    {
        var (launches, flops, traffic) = (0, 0L, 0L);
        for (var i = 0; i < program.Launches.Length; i++)
        {
            var (l, f, t) = program.Launches[i] is { } launch ? (1, launch.Flops, launch.Traffic) : program.Callees[i] is { } callee ? Work(callee, depth + 1) : (0, 0, 0);
            (launches, flops, traffic) = (launches + l, flops + f, traffic + t);
        }

        return (launches, flops, traffic);
    }
}
