using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Spectre.Console;
using Unified.Benchmarks;
using Unified.Benchmarks.Measuring;
using Unified.Benchmarks.Peers;
using Unified.Benchmarks.Works;

var only = new Option<string?>("--only") { Description = "Works whose name matches this regular expression, long ones included" };
var all = new Option<bool>("--all") { Description = "Long works too" };
var threads = new Option<int[]>("--threads") { Description = "Thread counts, each in a process of its own", DefaultValueFactory = _ => [1, Environment.ProcessorCount], AllowMultipleArgumentsPerToken = true };
var json = new Option<bool>("--json") { Description = "One JSON object a row after the table" };
var noTorch = new Option<bool>("--no-libtorch") { Description = "Do not fetch, build and ask the libtorch peer (600 MB of packages)" };
var budget = new Option<double>("--budget") { Description = "Seconds for the rounds of one work", DefaultValueFactory = _ => 8 };
var memoryLimit = new Option<long?>("--memory-limit") { Description = "MB of working memory that our graphs may take: more is computed again" };
var tuning = new Option<string?>("--tuning") { Description = "Tunables of our kernels, as in 'product/small unroll=8; rows grain=16384'" };
var profile = new Option<bool>("--profile") { Description = "Also where our time goes, kernel by kernel" };
var firstResult = new Option<string?>("--first-result")
{
    Description = "Instead: from the start of a process to its first token, samples/Continue as it was published at this path beside C# apps of ONNX Runtime and libtorch",
};
var generator = new Option<bool>("--generator") { Description = "Instead: what the generator costs at a keystroke, beside the compiler's own time for the same edit" };
var eagerCalls = new Option<bool>("--eager-calls") { Description = "Instead: what a call of an [Eager] method costs in a graph" };
var peakMemory = new Option<bool>("--peak-memory") { Description = "Instead: the most memory that training steps held, beside libtorch" };
var compileTime = new Option<bool>("--compile-time") { Description = "Instead: what compiling costs, phase by phase, for the samples and the large models (--only picks some)" };
var root = new RootCommand("Times compiled graphs side by side with ONNX Runtime and libtorch, in turns.") { only, all, threads, json, noTorch, budget, profile, firstResult, generator, eagerCalls, peakMemory, compileTime, memoryLimit, tuning };
root.SetAction(parsed =>
{
    if (parsed.GetValue(firstResult) is { } app)
    {
        return FirstResult.Run(app, parsed.GetValue(noTorch));
    }

    if (parsed.GetValue(generator))
    {
        return GeneratorCost.Run(parsed.GetValue(json));
    }

    if (parsed.GetValue(eagerCalls))
    {
        return EagerCallCost.Run(parsed.GetValue(json));
    }

    if (parsed.GetValue(compileTime))
    {
        return CompileTime.Run(parsed.GetValue(only), parsed.GetValue(json));
    }

    if (parsed.GetValue(peakMemory))
    {
        return PeakMemory.Run(parsed.GetValue(json));
    }

    var counts = parsed.GetValue(threads)!;
    return counts.Length == 1 && Environment.GetEnvironmentVariable("UNIFIED_THREADS") == counts[0].ToString(CultureInfo.InvariantCulture)
        ? Run(parsed, counts[0])
        : counts.Distinct().Select(count => Restart(args, count)).Max();
});
return args switch
{
    ["--first-result-of-onnx", var model] => FirstResult.OfOnnx(model),
    ["--peak-memory-of", var work] => PeakMemory.Of(work),
    ["--compile-time-of", var program, var folder, var count] => CompileTime.Of(program, folder, count),
    _ => root.Parse(args).Invoke(),
};

// The number of threads is fixed when a process starts.
static int Restart(string[] args, int count)
{
    List<string> passed = [];
    for (var i = 0; i < args.Length; i++)
    {
        if (args[i] == "--threads")
        {
            while (i + 1 < args.Length && int.TryParse(args[i + 1], out _))
            {
                i++;
            }

            continue;
        }

        passed.Add(args[i]);
    }

    var text = count.ToString(CultureInfo.InvariantCulture);
    var info = ThisProgram.Start([.. passed, "--threads", text]);
    info.Environment["UNIFIED_THREADS"] = text;
    using var process = Process.Start(info)!;
    process.WaitForExit();
    return process.ExitCode;
}

int Run(ParseResult parsed, int count)
{
    var pattern = parsed.GetValue(only);
    var works = Catalogue.All.Where(w => pattern is null ? !w.IsHuge && (parsed.GetValue(all) || !w.IsLong) : Regex.IsMatch(w.Name, pattern)).ToList();
    if (works.Count == 0)
    {
        Console.Error.WriteLine($"no work is called like '{pattern}'; there are: {string.Join(' ', Catalogue.All.Select(w => w.Name))}");
        return 2;
    }

    Unified.GraphRuntime.Options = Unified.GraphRuntime.Options with { MemoryLimit = parsed.GetValue(memoryLimit) << 20 };
    if (parsed.GetValue(tuning) is { } tuned)
    {
        Unified.GraphRuntime.Options = Unified.GraphRuntime.Options with { Tuning = Unified.Ir.Tuning.Parse(tuned) };
    }

    string? problem = "not asked for";
    using var torch = parsed.GetValue(noTorch) ? null : TorchPeer.Start(count, out problem);
    var table = new ResultTable(count, problem);
    foreach (var work in works)
    {
        var limits = Limits.Measure(count);
        using var contest = work.Prepare(count);
        List<IContender> contenders = [contest.Ours, .. contest.Peers];
        if (torch?.Prepare(work.Name) is { } peer)
        {
            contenders.Add(peer);
        }

        using var streams = work.Cost is { ReadBytes: > 0 } cost ? new Streams(count, cost.ReadBytes, cost.Writes) : null;
        var timings = AlternatingRounds.Run([.. contenders, .. streams is null ? (IContender[])[] : [streams]], parsed.GetValue(budget) * 1000);
        limits = limits.Best(Limits.Measure(count)) with { StreamMilliseconds = streams is null ? 0 : timings[^1].Median };
        table.Add(Row.Of(work, count, limits, [.. contenders.Select((c, i) => (c.Name, timings[i]))]));
        if (parsed.GetValue(profile))
        {
            KernelProfile.Print(contest.Ours, limits);
        }
    }

    table.Print();
    if (parsed.GetValue(json))
    {
        foreach (var row in table.Rows)
        {
            Console.WriteLine(row.ToJson());
        }
    }

    return 0;
}
