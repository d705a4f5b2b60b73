using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Targets;
using Unified.Native;

namespace Unified.Tool.Lower;

/// <summary>
/// Turns functions into compiled ones: takes a graph of the former artifact where all that it was made from is the same, else compiles. What that
/// is, the graph's trace says: the IR of every method in it, and every host value.
/// </summary>
internal sealed class ReusingCompiler(AheadOfTimeCompiler compiler, IReadOnlyList<CodeTarget> targets, ArtifactFile? former) : IGraphCompiler
{
    private readonly HashSet<int> _taken = [];
    private readonly List<AheadOfTimeFunction> _functions = [];
    private readonly SortedDictionary<string, string> _eager = new(StringComparer.Ordinal);

    /// <summary>All functions, in the order that they were asked for.</summary>
    public IReadOnlyList<AheadOfTimeFunction> Functions => _functions;

    /// <summary>The methods that run eagerly, by their keys, each with why.</summary>
    public IReadOnlyDictionary<string, string> Eager => _eager;

    public int Reused => _taken.Count;

    public string Origin { get; set; } = "";

    /// <summary>Told the origin and the number of graphs after each.</summary>
    public Action<string, int>? Made { get; init; }

    /// <inheritdoc/>
    public CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options)
    {
        if (TryReuse(function, self, arguments, options.Precision) is { } reused)
        {
            return reused;
        }

        compiler.Origin = Origin;
        try
        {
            var compiled = FetchLlvm.With(() => compiler.Compile(function, self, arguments, options));
            _functions.Add(compiler.Functions[^1]);
            Made?.Invoke(Origin, _functions.Count);
            return compiled;
        }
        catch (GraphCompileException e) when (e.EagerIsPossible && !e.IsOfThisCall)
        {
            _eager[function.Key] = e.Message;
            throw;
        }
    }

    private CompiledFunction? TryReuse(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, PrecisionPolicy precision)
    {
        for (var graph = 0; graph < former?.Keys.Length; graph++)
        {
            if (former.Keys[graph] != function.Key || _taken.Contains(graph))
            {
                continue;
            }

            var recorded = former.Function(graph);
            if (recorded.Precision == precision && SameSignature(recorded.Arguments, arguments)
                && ReplayTrace.Run(recorded.Trace, function, self, recorded.Arguments, [.. arguments.Select(a => (a as HostSpec)?.Value)], out _) is { } replay)
            {
                _taken.Add(graph);
                ImmutableArray<ImmutableArray<KernelCode>> kernels = [.. targets.Select((_, t) => former.Kernels(graph, t))];
                _functions.Add(new AheadOfTimeFunction(recorded with { Origin = Origin }, kernels, new CompileStatistics(0, 0, 0, 0, kernels[0].Length, kernels[0].Length * kernels.Length)));
                var runnable = Enumerable.Range(0, targets.Count).Where(t => HostCpu.Target.CanRun(targets[t].Machine)).DefaultIfEmpty(0).MaxBy(t => targets[t].Machine.Features.Count);
                return BindRecorded.Run(recorded, kernels[runnable], replay);
            }
        }

        return null;
    }

    private static bool SameSignature(ImmutableArray<ArgumentSpec> recorded, ImmutableArray<ArgumentSpec> wanted) =>
        recorded.Length == wanted.Length && recorded.Zip(wanted).All(p => (p.First, p.Second) switch
        {
            (TensorSpec a, TensorSpec b) => a.Type == b.Type,
            (TensorListSpec a, TensorListSpec b) => a.Types.SequenceEqual(b.Types),
            (RecordedHostSpec, HostSpec) => true,
            _ => false,
        });
}
