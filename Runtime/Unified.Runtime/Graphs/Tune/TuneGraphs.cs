using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Graphs;
using Unified.Ir;

namespace Unified;

/// <summary>
/// Turns calls of static graphs into the numbers that their kernels run best by on this machine: one tunable after another for each class of kernels, the slowest class first, each value
/// beside the best so far in turns. A value is taken that is faster by more than measurements differ, and again so in a second measurement, where results from the same state
/// agree with those of the default.
/// </summary>
public static class TuneGraphs
{
    private const int WarmUp = 2, FewestRounds = 5, Rounds = 9;

    // Classes below this share of the time are left as they are.
    private const double LeastShare = 0.01;

    /// <summary>Searches, on this thread. Nothing else should run meanwhile. State that the calls write is as before afterwards.</summary>
    /// <param name="calls">Names, and calls of static graphs that give their results; they are run many times, in graph mode.</param>
    /// <param name="budget">About how long to search.</param>
    /// <param name="changesRounding">Also try what may change the last bits of results.</param>
    /// <param name="progress">Told what is tried.</param>
    /// <exception cref="InvalidOperationException">No compiler is registered, or no call is a graph that can be repeated.</exception>
    public static TuningReport Run(
        IReadOnlyList<(string Name, Func<IReadOnlyList<Tensor>> Call)> calls, TimeSpan budget, bool changesRounding = false, Action<string>? progress = null) =>
        Run(calls, budget, changesRounding, fillsZeros: false, progress);

    internal static TuningReport Run(
        IReadOnlyList<(string Name, Func<IReadOnlyList<Tensor>> Call)> calls, TimeSpan budget, bool changesRounding, bool fillsZeros, Action<string>? progress)
    {
        var inner = GraphRuntime.Compiler ?? throw new InvalidOperationException("no compiler is registered: reference Unified.Lowering");
        var observed = new ObservedCompiler(inner);
        GraphRuntime.UseCompiler(observed);
        try
        {
            var leftOut = new List<(string, string)>();
            var tuned = new List<TunedCall>();
            foreach (var (name, call) in calls)
            {
                var one = new TunedCall(name, call, observed);
                if (one.Prepare(fillsZeros) is { } why)
                {
                    leftOut.Add((name, why));
                    continue;
                }

                tuned.Add(one);
            }

            if (tuned.Count == 0)
            {
                throw new InvalidOperationException($"no call can be repeated from the same state: {string.Join("; ", leftOut.Select(l => $"{l.Item1}: {l.Item2}"))}");
            }

            var report = new Search(tuned, observed, budget, progress ?? (_ => { })).Run(changesRounding) with { LeftOut = [.. leftOut] };
            tuned.ForEach(t => t.Restore());
            return report;
        }
        finally
        {
            GraphRuntime.UseCompiler(inner);
        }
    }

    private sealed class Search(List<TunedCall> calls, ObservedCompiler compiler, TimeSpan budget, Action<string> progress)
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private readonly List<TuningTrial> _trials = [];
        private readonly Dictionary<TunedCall, ImmutableArray<(DType, byte[])>> _expected = [];
        private Tuning _best = Tuning.Default;
        private int _untried;

        private bool IsOver => Stopwatch.GetElapsedTime(_start) > budget;

        public TuningReport Run(bool changesRounding)
        {
            for (var i = 0; i < WarmUp; i++)
            {
                Time(calls, Tuning.Default, null);
            }

            foreach (var (kernels, tunable) in Order(changesRounding))
            {
                Try(kernels, tunable);
            }

            return Report();
        }

        // Classes by their share of the time; what decides over whole graphs comes last.
        private IEnumerable<(KernelClass Kernels, Tunable Tunable)> Order(bool changesRounding)
        {
            var profile = new GraphProfile();
            calls.ForEach(c => TunedCall.Dispose(c.Run(Tuning.Default, profile)));
            var times = profile.ByClass();
            var total = times.Values.Sum();
            var classes = times.Where(t => t.Value >= LeastShare * total).OrderByDescending(t => t.Value).Select(t => t.Key).Append(new(KernelFamily.Convolutions, false)).Append(new(KernelFamily.Fusion, false));
            return from kernels in classes.ToList() from tunable in TunableTable.Of(kernels.Family) where changesRounding || !tunable.ChangesRounding select (kernels, tunable);
        }

        private void Try(KernelClass kernels, Tunable tunable)
        {
            foreach (var value in tunable.Candidates.Where(v => v != _best.For(kernels)[tunable]).ToList())
            {
                if (IsOver)
                {
                    _untried++;
                    continue;
                }

                var (former, tuning) = (_best.For(kernels)[tunable], _best.With(kernels, tunable, value));
                var changed = calls.Where(c => c.CodeOf(tuning) != c.CodeOf(_best)).ToList();
                if (value == former || changed.Count == 0)
                {
                    continue;
                }

                progress($"{kernels} {tunable}={value}");
                var outcome = Agrees(changed, tuning, tunable) ? TrialOutcome.NoGain : TrialOutcome.Disagrees;
                var pair = default(TimedPair);
                if (outcome == TrialOutcome.NoGain)
                {
                    // Of a class that launches nothing, as what is fused, the whole counts.
                    KernelClass? timed = kernels.Family == KernelFamily.Fusion || kernels.Family == KernelFamily.Convolutions ? null : kernels;
                    TimedPair Measure(int rounds) => TimedPair.Measure(() => Time(changed, _best, timed), () => Time(changed, tuning, timed), rounds);
                    pair = Measure(FewestRounds);
                    if (pair.Former > pair.Latter)
                    {
                        pair = Measure(Rounds);
                    }

                    if (pair.IsGain && Measure(Rounds).IsGain)
                    {
                        (outcome, _best) = (TrialOutcome.Accepted, tuning);
                    }
                }

                if (outcome != TrialOutcome.Accepted)
                {
                    compiler.Forget(tuning);
                }

                _trials.Add(new TuningTrial(kernels, tunable, former, value, pair.Former, pair.Latter, pair.Spread, outcome));
            }
        }

        private bool Agrees(List<TunedCall> changed, Tuning tuning, Tunable tunable)
        {
            // By default where rounding may change; else by the best so far, to the bit.
            if (!tunable.ChangesRounding)
            {
                return changed.TrueForAll(c => CompareResults.Agree(c.ResultsOf(_best), c.ResultsOf(tuning), isExact: true));
            }

            return changed.TrueForAll(c =>
            {
                if (!_expected.TryGetValue(c, out var expected))
                {
                    _expected[c] = expected = c.ResultsOf(Tuning.Default);
                }

                return CompareResults.Agree(expected, c.ResultsOf(tuning), isExact: false);
            });
        }

        private TuningReport Report()
        {
            var (before, after) = (new List<GraphProfile>(), new List<GraphProfile>());
            var whole = TimedPair.Measure(() => TimeAll(Tuning.Default, before), () => TimeAll(_best, after), Rounds);
            var (former, latter) = (Medians(before), Medians(after));
            ImmutableArray<TunedKernel> kernels =
            [
                .. former.Keys.Union(latter.Keys).Select(k => new TunedKernel(k, former.GetValueOrDefault(k), latter.GetValueOrDefault(k))).OrderByDescending(k => k.DefaultMilliseconds),
            ];
            return new TuningReport(_best, [.. _trials], kernels, _untried, []) { DefaultMilliseconds = whole.Former, TunedMilliseconds = whole.Latter };
        }

        private double TimeAll(Tuning tuning, List<GraphProfile> profiles)
        {
            var profile = new GraphProfile();
            profiles.Add(profile);
            return calls.Sum(c =>
            {
                var start = Stopwatch.GetTimestamp();
                TunedCall.Dispose(c.Run(tuning, profile));
                return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            });
        }

        private static Dictionary<string, double> Medians(List<GraphProfile> profiles) => profiles.SelectMany(p => p.Rows()).GroupBy(r => r.Label, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(r => r.Milliseconds).Order().ElementAt(g.Count() / 2), StringComparer.Ordinal);

        // The time of one class of kernels; null: of all.
        private static double Time(List<TunedCall> calls, Tuning tuning, KernelClass? kernels)
        {
            var profile = new GraphProfile();
            calls.ForEach(c => TunedCall.Dispose(c.Run(tuning, profile)));
            return kernels is { } one ? profile.ByClass().GetValueOrDefault(one) : profile.Rows().Sum(r => r.Milliseconds);
        }
    }
}
