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
        foreach (var call in AppCalls.Of(app, pattern))
        {
            var parameters = AppCalls.Parameters(call);
            Argument[] arguments = [.. call.Arguments.Select((a, i) => a.Kind == ArgumentKind.Tensor && given.TryGetValue(parameters[i].Name, out var tensor) ? Argument.Of(tensor) : a)];
            var (median, profile) = Time(call, arguments, runs);
            if (trace is not null)
            {
                WriteTrace(trace, profile);
            }

            Show(call, median, profile.Rows(), runs, peak, bandwidth, isJson);
        }

        return 0;
    }

    private static (double Milliseconds, GraphProfile Profile) Time(PreparedCall call, Argument[] arguments, int runs)
    {
        for (var i = 0; i < 3; i++)
        {
            Dispose(AppCalls.Run(call, arguments));
        }

        var profile = new GraphProfile();
        GraphRuntime.Profile = profile;
        var times = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Dispose(AppCalls.Run(call, arguments));
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        GraphRuntime.Profile = null;
        Array.Sort(times);
        return (times[runs / 2], profile);
    }

    private static void Dispose(Tensor[] results) => Array.ForEach(results, r => r.Dispose());

    private static void Show(PreparedCall call, double median, IReadOnlyList<ProfileRow> rows, int runs, double peak, double bandwidth, bool isJson)
    {
        var total = rows.Sum(r => r.Milliseconds);
        var kernels = rows.Select(r => new
        {
            kernel = r.Label,
            launches = r.Launches / runs,
            milliseconds = r.Milliseconds / runs,
            share = r.Milliseconds / total,
            gflops = r.Flops / r.Milliseconds / 1e6,
            gigabytes = r.Traffic / r.Milliseconds / 1e6,
            share_of_limit = Math.Max(r.Flops / (peak * 1e6), r.Traffic / (bandwidth * 1e6)) / r.Milliseconds,
        }).ToList();
        if (isJson)
        {
            AppArguments.WriteJson(new { graph = call.Function.Key, milliseconds = median, runs, peak_gflops = peak, bandwidth_gbs = bandwidth, kernels });
            return;
        }

        var table = new Table()
            .Title(Markup.Escape($"{GraphFacts.MethodOf(call.Function.Key)}: {Text.Number(median, "0.000")} ms, median of {runs}; this machine: {Text.Number(peak, "0")} GFLOP/s, {Text.Number(bandwidth, "0")} GB/s"))
            .AddColumns("kernel", "launches", "ms", "share", "GFLOP/s", "GB/s", "of limit");
        foreach (var k in kernels.Take(MostRows))
        {
            table.AddRow(
                Markup.Escape(k.kernel), Text.Number(k.launches), Text.Number(k.milliseconds, "0.0000"), Text.Number(100 * k.share, "0.0") + " %", Text.Number(k.gflops, "0.0"),
                Text.Number(k.gigabytes, "0.0"), Text.Number(100 * k.share_of_limit, "0") + " %");
        }

        Text.Write(table);
    }

    // One row after another: launches run one at a time, each on all threads.
    private static void WriteTrace(string path, GraphProfile profile)
    {
        var at = 0.0;
        var events = new List<object>();
        foreach (var (label, milliseconds) in profile.Launches())
        {
            events.Add(new { name = label, ph = "X", pid = 1, tid = 1, ts = at, dur = milliseconds * 1000 });
            at += milliseconds * 1000;
        }

        File.WriteAllText(path, JsonSerializer.Serialize(new { traceEvents = events, displayTimeUnit = "ms" }));
    }
}
