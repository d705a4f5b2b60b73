using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;
using Unified.Graphs;
using Unified.Tool.Apps;
using Unified.Tool.Calls;
using Unified.Tool.Inspect;

namespace Unified.Tool.Commands;

/// <summary><c>unified bench</c>: where the time of an app's graphs goes, kernel by kernel, beside what the machine can do.</summary>
internal static class BenchCommand
{
    private const int MostRows = 40;
    private const int WarmUp = 3;

    private sealed record GraphTime(string Graph, double Milliseconds, IReadOnlyList<KernelTime> Kernels);

    private sealed record KernelTime(string Kernel, long Launches, double Milliseconds, double Share, double Gflops, double Gigabytes, double ShareOfLimit);

    public static Command Create()
    {
        var inputs = new Option<string[]>("--input", "-i")
        {
            Description = "A parameter's tensor, as x=images.npy (default: the one that the entry point passes)", AllowMultipleArgumentsPerToken = true,
        };
        var runs = new Option<int>("--runs") { Description = "Calls that are timed", DefaultValueFactory = _ => 30 };
        var trace = new Option<string>("--trace") { Description = "Write one run as a trace for chrome://tracing or ui.perfetto.dev" };
        var command = new Command("bench", "Time the graphs that an app's [AheadOfTime] methods name: time, operations, bytes and share of the machine's limit for each kernel.")
        {
            AppArguments.App, AppArguments.References, AppArguments.Graph, inputs, runs, trace, AppArguments.Json,
        };
        command.SetAction(parsed => AppArguments.WithApp(
            parsed.GetValue(AppArguments.App)!, parsed.GetValue(AppArguments.References) ?? [],
            app => Run(
                app, parsed.GetValue(AppArguments.Graph), parsed.GetValue(inputs) ?? [], parsed.GetValue(runs), parsed.GetValue(trace), parsed.GetValue(AppArguments.Json))));
        return command;
    }

    private static int Run(AppLoadContext app, string? pattern, string[] inputs, int runs, string? trace, bool isJson)
    {
        if (runs < 1)
        {
            throw new ArgumentException($"--runs is {runs}; it must be at least 1");
        }

        var (peak, bandwidth) = (MachineLimits.PeakGflops(), MachineLimits.ReadGigabytesPerSecond());
        var given = inputs.Select(TensorFiles.Read).ToDictionary(i => i.Name, i => i.Tensor, StringComparer.Ordinal);
        var calls = AppCalls.Of(app, pattern);
        var times = Bar.Over(calls.Count * (WarmUp + runs), report => calls.Select((call, number) =>
        {
            var done = number * (WarmUp + runs);
            var parameters = AppCalls.Parameters(call);
            Argument[] arguments = [.. call.Arguments.Select((a, i) => a.Kind == ArgumentKind.Tensor && given.TryGetValue(parameters[i].Name, out var tensor) ? Argument.Of(tensor) : a)];
            var (median, profile) = Time(call, arguments, runs, () => report(GraphFacts.MethodOf(call.Function.Key), ++done));
            return (call.Function.Key, Median: median, Profile: profile);
        }).ToList());
        if (trace is not null)
        {
            WriteTrace(trace, times.Select(t => (GraphFacts.MethodOf(t.Key), t.Profile)));
        }

        List<GraphTime> graphs = [.. times.Select(t => new GraphTime(t.Key, t.Median, Kernels(t.Profile.Rows(), runs, peak, bandwidth)))];
        if (isJson)
        {
            AppArguments.WriteJson(new { runs, peak_gflops = peak, bandwidth_gbs = bandwidth, graphs });
        }
        else
        {
            graphs.ForEach(g => Show(g, runs, peak, bandwidth));
        }

        return 0;
    }

    private static (double Milliseconds, GraphProfile Profile) Time(PreparedCall call, Argument[] arguments, int runs, Action step)
    {
        for (var i = 0; i < WarmUp; i++)
        {
            Dispose(AppCalls.Run(call, arguments));
            step();
        }

        var profile = new GraphProfile();
        GraphRuntime.Profile = profile;
        var times = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Dispose(AppCalls.Run(call, arguments));
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            step();
        }

        GraphRuntime.Profile = null;
        Array.Sort(times);
        return (times[runs / 2], profile);
    }

    private static void Dispose(Tensor[] results) => Array.ForEach(results, r => r.Dispose());

    private static List<KernelTime> Kernels(IReadOnlyList<ProfileRow> rows, int runs, double peak, double bandwidth)
    {
        var total = rows.Sum(r => r.Milliseconds);
        return [.. rows.Select(r => new KernelTime(
            r.Label, r.Launches / runs, r.Milliseconds / runs, r.Milliseconds / total, r.Flops / r.Milliseconds / 1e6, r.Traffic / r.Milliseconds / 1e6,
            Math.Max(r.Flops / (peak * 1e6), r.Traffic / (bandwidth * 1e6)) / r.Milliseconds))];
    }

    private static void Show(GraphTime graph, int runs, double peak, double bandwidth)
    {
        var table = new Table()
            .Title(Markup.Escape($"{GraphFacts.MethodOf(graph.Graph)}: {Text.Number(graph.Milliseconds, "0.000")} ms, median of {runs}; this machine: {Text.Number(peak, "0")} GFLOP/s, {Text.Number(bandwidth, "0")} GB/s"))
            .AddColumns("kernel", "launches", "ms", "share", "GFLOP/s", "GB/s", "of limit");
        foreach (var k in graph.Kernels.Take(MostRows))
        {
            table.AddRow(
                Markup.Escape(k.Kernel), Text.Number(k.Launches), Text.Number(k.Milliseconds, "0.0000"), Text.Number(100 * k.Share, "0.0") + " %", Text.Number(k.Gflops, "0.0"),
                Text.Number(k.Gigabytes, "0.0"), Text.Number(100 * k.ShareOfLimit, "0") + " %");
        }

        Text.Write(table);
    }

    // One process per graph. In it one row after another: launches run one at a time, each on all threads.
    private static void WriteTrace(string path, IEnumerable<(string Name, GraphProfile Profile)> graphs)
    {
        var events = new List<object>();
        foreach (var (number, (name, profile)) in graphs.Index())
        {
            var (pid, at) = (number + 1, 0.0);
            events.Add(new { name = "process_name", ph = "M", pid, tid = 1, args = new { name } });
            foreach (var (label, milliseconds) in profile.Launches())
            {
                events.Add(new { name = label, ph = "X", pid, tid = 1, ts = at, dur = milliseconds * 1000 });
                at += milliseconds * 1000;
            }
        }

        File.WriteAllText(path, JsonSerializer.Serialize(new { traceEvents = events, displayTimeUnit = "ms" }));
    }
}
