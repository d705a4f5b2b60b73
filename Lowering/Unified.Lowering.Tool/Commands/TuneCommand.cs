using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering.Tune;
using Unified.Tool.Apps;
using Unified.Tool.Calls;
using Unified.Tool.Inspect;

namespace Unified.Tool.Commands;

/// <summary><c>unified tune</c>: finds the numbers that an app's kernels run best by on this machine, and keeps them.</summary>
internal static class TuneCommand
{
    private const int MostRows = 20;

    public static Command Create()
    {
        var inputs = new Option<string[]>("--input", "-i")
        {
            Description = "A parameter's tensor, as x=images.npy (default: the one that the entry point passes)", AllowMultipleArgumentsPerToken = true,
        };
        var dims = new Option<string[]>("--dim", "-d") { Description = "Sizes of named dims, as B=32: parameters whose [Shape] names them get tensors of that size", AllowMultipleArgumentsPerToken = true };
        var budget = new Option<double>("--budget") { Description = "Seconds to search for", DefaultValueFactory = _ => 120 };
        var output = new Option<string>("--output", "-o") { Description = "The table to write (default: this machine's, which graphs are then compiled by)" };
        var rounding = new Option<bool>("--rounding") { Description = "Also try numbers that may change the last bits of results, within the operators' tolerances" };
        var command = new Command("tune", "Measure the graphs that an app's [AheadOfTime] methods name with other numbers for their kernels, and keep those that are faster. Nothing else should run meanwhile.")
        {
            AppArguments.App, AppArguments.References, AppArguments.Graph, inputs, dims, budget, output, rounding, AppArguments.Json,
        };
        command.SetAction(parsed => AppArguments.WithApp(
            parsed.GetValue(AppArguments.App)!, parsed.GetValue(AppArguments.References) ?? [],
            app => Run(
                app, parsed.GetValue(AppArguments.Graph), parsed.GetValue(inputs) ?? [], InspectCommand.Sizes(parsed.GetValue(dims) ?? []), parsed.GetValue(budget),
                parsed.GetValue(output) ?? TuningTable.HostPath(), parsed.GetValue(rounding), parsed.GetValue(AppArguments.Json))));
        return command;
    }

    private static int Run(AppLoadContext app, string? pattern, string[] inputs, Dictionary<string, long> sizes, double budget, string output, bool rounding, bool isJson)
    {
        if (budget is not (> 0 and < 1e6))
        {
            throw new ArgumentException($"--budget is {budget}; it must be a number of seconds above 0");
        }

        var former = File.Exists(output) ? TuningTable.Load(output) : null;
        var given = inputs.Select(TensorFiles.Read).ToDictionary(i => i.Name, i => i.Tensor, StringComparer.Ordinal);
        var calls = AppCalls.Of(app, pattern);
        var report = Bar.Over(null, report => TuneGraphs.Run(
            [.. calls.Select(c => (GraphFacts.MethodOf(c.Function.Key), (Func<IReadOnlyList<Tensor>>)(() => AppCalls.Run(c, Arguments(c, given, sizes)))))],
            TimeSpan.FromSeconds(budget), rounding, fillsZeros: true, says => report(says, 0)));
        var table = new TuningTable(MachineType.Host(WorkPool.Shared.Threads), Merged(former, report));
        table.Save(output);
        if (isJson)
        {
            AppArguments.WriteJson(new
            {
                output,
                machine = table.Machine,
                settings = table.Tuning.ToString(),
                before_ms = report.DefaultMilliseconds,
                after_ms = report.TunedMilliseconds,
                untried = report.Untried,
                left_out = report.LeftOut.Select(l => new { graph = l.Call, why = l.Why }),
                trials = report.Trials.Select(t => new
                {
                    kernels = t.Kernels.ToString(), tunable = t.Tunable.Name, t.Former, t.Value, before_ms = t.BeforeMilliseconds, after_ms = t.AfterMilliseconds, spread_ms = t.SpreadMilliseconds,
                    outcome = t.Outcome.ToString().ToLowerInvariant(),
                }),
                kernels = report.Kernels,
            });
        }
        else
        {
            Show(report, table, output);
        }

        return report.Trials.Any(t => t.Outcome == TrialOutcome.Disagrees) ? 1 : 0;
    }

    // What another run found for classes of kernels that this one has not met stays.
    private static Tuning Merged(TuningTable? former, TuningReport report)
    {
        var met = report.Trials.Select(t => t.Kernels).ToHashSet();
        return former is null || former.Machine != MachineType.Host(WorkPool.Shared.Threads) ? report.Tuning
            : former.Tuning.Entries.Where(e => !met.Contains(e.Class)).Aggregate(report.Tuning, (t, e) => t.With(e.Class, e.Tunable, e.Value));
    }

    private static Argument[] Arguments(PreparedCall call, Dictionary<string, Tensor> given, Dictionary<string, long> sizes)
    {
        var parameters = AppCalls.Parameters(call);
        return
        [
            .. call.Arguments.Select((a, i) => a.Kind != ArgumentKind.Tensor ? a
                : given.TryGetValue(parameters[i].Name, out var tensor) ? Argument.Of(tensor)
                : parameters[i].Shape is { } shape && shape.Any(d => d.Names().Any(sizes.ContainsKey)) ? Argument.Of(given[parameters[i].Name] = Sized((Tensor)a.Reference!, shape, sizes, parameters[i].Name))
                : a),
        ];
    }

    private static Tensor Sized(Tensor passed, Shape declared, Dictionary<string, long> sizes, string name)
    {
        if (declared.Rank != passed.Type.Rank)
        {
            throw new AppException($"'{name}' is declared {declared}, the entry point passes {passed.Type}: name a file with --input");
        }

        int[] shape = [.. declared.Select((d, i) => d.IsConstant ? (int)d.Value : d.Names().All(sizes.ContainsKey) ? (int)d.Evaluate(sizes) : passed.Shape[i])];
        var random = new Random(1);
        return passed.DType.IsFloat()
            ? Ops.Cast(Tensor.From([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (random.NextSingle() * 2) - 1)], shape), passed.DType)
            : Tensor.Zeros(shape, passed.DType);
    }

    private static void Show(TuningReport report, TuningTable table, string output)
    {
        foreach (var (call, why) in report.LeftOut)
        {
            Console.WriteLine($"{call} is left out: {why}");
        }

        var trials = new Table().Title(Markup.Escape($"{report.Trials.Length} values tried{(report.Untried > 0 ? $", {report.Untried} left when the time was over" : "")}"))
            .AddColumns("kernels", "tunable", "from", "to", "ms before", "ms after", "spread", "");
        foreach (var t in report.Trials.Where(t => t.Outcome != TrialOutcome.NoGain))
        {
            trials.AddRow(
                t.Kernels.ToString(), t.Tunable.Name, Text.Number(t.Former), Text.Number(t.Value), Text.Number(t.BeforeMilliseconds, "0.000"), Text.Number(t.AfterMilliseconds, "0.000"),
                Text.Number(t.SpreadMilliseconds, "0.000"), t.Outcome == TrialOutcome.Accepted ? "taken" : "results differ: please report this");
        }

        if (trials.Rows.Count > 0)
        {
            Text.Write(trials);
        }
        else
        {
            Console.WriteLine($"{report.Trials.Length} values tried{(report.Untried > 0 ? $", {report.Untried} left when the time was over" : "")}: none was taken");
        }

        var kernels = new Table().Title(Markup.Escape($"{Text.Number(report.DefaultMilliseconds, "0.000")} ms by default, {Text.Number(report.TunedMilliseconds, "0.000")} ms as tuned"))
            .AddColumns("kernel", "ms by default", "ms as tuned", "times as fast");
        foreach (var k in report.Kernels.Take(MostRows))
        {
            kernels.AddRow(
                Markup.Escape(k.Label), Text.Number(k.DefaultMilliseconds, "0.0000"), Text.Number(k.TunedMilliseconds, "0.0000"),
                k.TunedMilliseconds > 0 ? Text.Number(k.DefaultMilliseconds / k.TunedMilliseconds, "0.00") : "");
        }

        Text.Write(kernels);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: {(table.Tuning.IsDefault ? "nothing is better than the default" : table.Tuning)}"));
    }
}
