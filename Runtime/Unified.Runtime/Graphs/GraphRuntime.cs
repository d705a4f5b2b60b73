using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Unified.Graphs;
using Unified.Ir;

namespace Unified;

/// <summary>What the graphs of this process have cost and done.</summary>
/// <param name="Compilations">Functions specialized and compiled.</param>
/// <param name="Graphs">Unique graphs in them.</param>
/// <param name="Kernels">Kernels used.</param>
/// <param name="KernelsFromCache">Of these, found in the cache.</param>
/// <param name="CompileMilliseconds">Wall time of all compilations.</param>
/// <param name="Calls">Runs of compiled functions.</param>
public sealed record GraphStatistics(int Compilations, int Graphs, int Kernels, int KernelsFromCache, double CompileMilliseconds, long Calls)
{
    /// <summary>Functions that came compiled with the app.</summary>
    public int Shipped { get; init; }
}

/// <summary>The entry points that generated companions call.</summary>
public static class GraphRuntime
{
    // A function that is compiled again and again, for ever new constants or guards, must not keep all of it.
    private const int MostSpecializations = 32;

    private static readonly Lock s_statisticsLock = new();
    private static readonly ConcurrentDictionary<string, bool> s_references = new(StringComparer.Ordinal);
    private static IGraphCompiler? s_compiler;
    private static GraphProfile? s_profile;
    private static long s_calls;
    private static bool s_hasSaidEager;
    private static GraphStatistics s_statistics = new(0, 0, 0, 0, 0, 0);

    /// <summary>
    /// Calls of static graphs on this thread run compiled: the mode is graph, a compiler is registered or the app ships with graphs, and no tape is
    /// recording.
    /// </summary>
    public static bool IsGraph => Execution.Mode == ExecutionMode.Graph && !Tape.IsRecording && !MapScope.IsActive && HasGraphs;

    private static bool HasGraphs => s_compiler is not null || ShippedGraphs.Current is not null || SayEager();

    /// <summary>Calls of methods with <c>[Eager]</c> take it and give it back, so that a graph makes them in their order. It never changes. Generated code reads it.</summary>
    public static Tensor HostOrder { get; } = Tensor.Zeros([], DType.I32);

    /// <summary>The working memory that compiled graphs hold for what they compute on the way, in bytes.</summary>
    public static long ArenaBytes => Arena.Total;

    public static GraphStatistics Statistics
    {
        get
        {
            lock (s_statisticsLock)
            {
                return s_statistics with { Calls = Interlocked.Read(ref s_calls) };
            }
        }
    }

    /// <summary>Told once, with the reason, when a static graph runs eagerly although the mode is graph, and when it is compiled again.</summary>
    public static Action<string> Log { get; set; } = Console.Error.WriteLine;

    public static CompileOptions Options { get; set; } = new()
    {
        DumpFolder = Environment.GetEnvironmentVariable("UNIFIED_DUMP") is { Length: > 0 } dump ? dump : null,
    };

    /// <summary>While set, compiled graphs add the time of each launch to it.</summary>
    public static GraphProfile? Profile
    {
        get => s_profile;
        set => s_profile = value;
    }

    internal static IGraphCompiler? Compiler => s_compiler;

    /// <summary>Registers the compiler. Generated code does so in a project that references Unified.Lowering.</summary>
    public static void UseCompiler(IGraphCompiler? compiler) => s_compiler = compiler;

    /// <summary>
    /// Names the file of graphs that were compiled when the app was built, in the folder of the app's own files. Generated code does so; it is read at
    /// the first call of a static graph. Without it, and without a compiler, calls run eagerly.
    /// </summary>
    /// <exception cref="ArgumentException">The name has a folder in it.</exception>
    public static void UseArtifact(string? fileName) => ShippedGraphs.Use(fileName);

    /// <summary>
    /// Runs the function's compiled graph, compiling it first where this instance and signature are new. The result's tensors
    /// come in the order of a walk through its tuples and lists.
    /// </summary>
    /// <returns>False when the call cannot be one graph: the caller then runs the method eagerly.</returns>
    /// <exception cref="GraphCompileException">The graph breaks a rule; the message names the C# expression.</exception>
    [StackTraceHidden]
    public static bool TryRun(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, Span<Tensor> results) =>
        TryRun(function, self, arguments, results, isCounted: true, out _);

    /// <summary>As above, for a result whose number of tensors is known only to the compiled graph: it has a list.</summary>
    /// <param name="results">All tensors of the result, and nothing else. Of no meaning when false is returned.</param>
    [StackTraceHidden]
    public static bool TryRun(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, out Tensor[] results) =>
        TryRun(function, self, arguments, [], isCounted: false, out results);

    [StackTraceHidden]
    private static bool TryRun(
        FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, Span<Tensor> counted, bool isCounted, out Tensor[] list)
    {
        list = [];
        Preparation.Meet(function, self, arguments);
        var cache = FunctionCache.All.GetOrCreateValue(function).For(self);
        lock (cache.Lock)
        {
            if (cache.EagerReason is not null)
            {
                return false;
            }

            var known = cache.Specializations;
            for (var i = 0; i < known.Count; i++)
            {
                var candidate = known[i];
                if (candidate.Fits(arguments) && candidate.Executable.GuardsHold()
                    && Run(candidate.Executable, arguments, Room(candidate, counted, isCounted, ref list)) is not RunOutcome.DoesNotFit and var outcome)
                {
                    if (i > 0)
                    {
                        known.RemoveAt(i);
                        known.Insert(0, candidate);
                    }

                    return outcome == RunOutcome.Done;
                }
            }

            string? why = null;
            while (Shipped(function, self, arguments, cache, ref why) is { } made)
            {
                if (Run(made.Executable, arguments, Room(made, counted, isCounted, ref list)) is not RunOutcome.DoesNotFit and var outcome)
                {
                    return outcome == RunOutcome.Done;
                }
            }

            if (s_compiler is null)
            {
                SayEager(function, cache, why);
                return false;
            }

            var fresh = Compile(function, self, arguments, cache);
            if (fresh is null)
            {
                return false;
            }

            return Run(fresh.Executable, arguments, Room(fresh, counted, isCounted, ref list)) switch
            {
                RunOutcome.Done => true,
                RunOutcome.MustBeEager => false,
                _ => throw new InvalidOperationException($"{function.Key}: the graph does not fit the call it was compiled for"),
            };
        }
    }

    /// <summary>A shipped graph, bound to this instance, that fits the call and was not bound before.</summary>
    /// <param name="why">Why the last one that was looked at does not fit.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Specialization? Shipped(
        FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, FunctionCache.InstanceCache cache, ref string? why)
    {
        if (ShippedGraphs.Current is not { } shipped)
        {
            return null;
        }

        foreach (var graph in shipped.Of(function.Key))
        {
            if (cache.Shipped.Contains(graph))
            {
                continue;
            }

            try
            {
                if (shipped.TryBind(graph, function, self, arguments, out why) is { } made)
                {
                    cache.Shipped.Add(graph);
                    cache.Specializations.Insert(0, made);
                    lock (s_statisticsLock)
                    {
                        s_statistics = s_statistics with { Shipped = s_statistics.Shipped + 1 };
                    }

                    return made;
                }
            }
            catch (InvalidDataException e)
            {
                cache.Shipped.Add(graph);
                why = e.Message;
            }
        }

        return null;
    }

    private static void SayEager(FunctionDefinition function, FunctionCache.InstanceCache cache, string? why)
    {
        if (!cache.HasSaidEager)
        {
            cache.HasSaidEager = true;
            Log($"{function.Key} runs eagerly: no graph that the app ships with is for this call{(why is null ? "" : $" ({why})")}, and Unified.Lowering is not referenced");
        }
    }

    /// <summary>Compiles the function for this call, unless that is done.</summary>
    internal static void Prepare(FunctionDefinition function, object? self, Argument[] arguments)
    {
        var cache = FunctionCache.All.GetOrCreateValue(function).For(self);
        lock (cache.Lock)
        {
            if (!cache.Specializations.Exists(known => known.Fits(arguments) && known.Executable.GuardsHold() && known.Executable.Takes(arguments)))
            {
                Compile(function, self, arguments, cache);
            }
        }
    }

    /// <summary>Says once that a call of the method runs eagerly, because of what it passes by reference. Generated code does so.</summary>
    /// <param name="key">The method.</param>
    public static void SayReference(string key)
    {
        if (IsGraph && s_references.TryAdd(key, true))
        {
            Log($"{key} runs eagerly where a field, an item of an array, or one variable twice is passed to it by reference: it may reach that by another name, too; pass a local variable");
        }
    }

    private static bool SayEager()
    {
        if (!s_hasSaidEager)
        {
            s_hasSaidEager = true;
            Log("static graphs run eagerly: the app ships without compiled graphs, and Unified.Lowering, which would compile them, is not referenced");
        }

        return false;
    }

    private static Span<Tensor> Room(Specialization chosen, Span<Tensor> counted, bool isCounted, ref Tensor[] list) =>
        isCounted ? counted : list = new Tensor[chosen.Executable.Compiled.ResultPositions];

    private static RunOutcome Run(Executable executable, ReadOnlySpan<Argument> arguments, Span<Tensor> results)
    {
        executable.Profile = s_profile;
        var outcome = executable.TryRun(arguments, results);
        if (outcome == RunOutcome.Done)
        {
            Interlocked.Increment(ref s_calls);
        }

        return outcome;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Specialization? Compile(
        FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, FunctionCache.InstanceCache cache)
    {
        var compiler = s_compiler!;
        var start = Stopwatch.GetTimestamp();
        if (!Preparation.IsCompiling && cache.Specializations.Count > 0 && !cache.Specializations.Exists(s => s.Executable.GuardsHold()))
        {
            Log($"{function.Key}: a host value it was specialized on has changed; compiling again");
        }

        while (true)
        {
            var signature = SignatureRule.Of(function.Function, arguments, cache.Specializations, cache.Constants);
            try
            {
                var compiled = compiler.Compile(function, self, signature, Options with
                {
                    Growing = GrowingFields.Of(arguments, cache.Specializations),
                    Precision = MixedPrecision.Policy,
                    Sizes = DimBinding.Sizes(signature, arguments),
                    RunThreads = WorkPool.Shared.Threads,
                    Warn = Log,
                });
                var specialization = new Specialization(signature, MixedPrecision.Policy, Options.Tuning, new Executable(compiled, signature, Options.MemoryLimit));
                cache.Specializations.Insert(0, specialization);
                if (cache.Specializations.Count > MostSpecializations)
                {
                    // Its memory goes with its finalizer: a thunk further up the stack may be running it.
                    cache.Specializations.RemoveAt(MostSpecializations);
                }

                Count(compiled.Statistics, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                return specialization;
            }
            catch (SymbolicDimException e) when (e.Dims.Any(cache.Constants.Add))
            {
                // Host code decides on these sizes: compile for the constants at hand.
            }
            catch (GraphCompileException e) when ((!e.EagerIsPossible || e.IsOfThisCall) && SignatureRule.Found(function.Function, signature).Where(cache.Constants.Add).ToList() is not [])
            {
                // Sizes that merely differed between calls may have to agree here: the sizes at hand decide whether the rule is broken.
            }
            catch (GraphCompileException e) when (e.IsOfThisCall)
            {
                Log($"{function.Key} runs eagerly this once: {e.Message}");
                return null;
            }
            catch (GraphCompileException e) when (e.EagerIsPossible)
            {
                cache.EagerReason = e.Message;
                Log($"{function.Key} runs eagerly: {e.Message}");
                return null;
            }
        }
    }

    private static void Count(CompileStatistics compiled, double milliseconds)
    {
        lock (s_statisticsLock)
        {
            s_statistics = s_statistics with
            {
                Compilations = s_statistics.Compilations + 1,
                Graphs = s_statistics.Graphs + compiled.Graphs,
                Kernels = s_statistics.Kernels + compiled.Kernels,
                KernelsFromCache = s_statistics.KernelsFromCache + compiled.KernelsFromCache,
                CompileMilliseconds = s_statistics.CompileMilliseconds + milliseconds,
            };
        }
    }
}
