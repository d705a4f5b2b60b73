using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Unified.Fuzz;

if (args is ["--worker"])
{
    return await Worker.Run();
}

const int Batch = 400;
int Number(string option, int otherwise) =>
    Array.IndexOf(args, option) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
var (count, seed, limit) = (Number("--programs", 300), Number("--seed", 1), Number("--seconds", int.MaxValue));
var (jobs, only) = (Number("--jobs", 1), Number("--only", -1));
count = only >= 0 ? 1 : count;
var (mutate, shrink, show) = (args.Contains("--mutate"), !args.Contains("--no-shrink"), Number("--show", -1));
if (show >= 0)
{
    Console.WriteLine(SourceOf($"P{show}", GenerateProgram.Of(show)));
    return 0;
}

using var workers = new Supervise(jobs);
var snippets = Array.IndexOf(args, "--snippets") is >= 0 and var page ? new SnippetPrograms(args[page + 1]) : null;
if (Array.IndexOf(args, "--corpus") is >= 0 and var corpus)
{
    // What is named X.eager.cs is to run eagerly and to say so, and X.differs.cs to be found.
    var cases = Directory.GetFiles(args[corpus + 1], "*.cs").Order(StringComparer.Ordinal)
        .Select(f => (Name: Path.GetFileName(f).Split('.')[0], Expected: Path.GetFileName(f).Split('.')[1] switch { "eager" => Outcome.Eager, "differs" => Outcome.Difference, _ => Outcome.Equal }, Body: File.ReadAllText(f))).ToList();
    var verdicts = await workers.Run([.. cases.Select(c => (c.Name, ProgramSource.Of(c.Name, c.Body)))]);
    var bad = verdicts.Zip(cases).Where(p => p.First.Outcome != p.Second.Expected).Select(p => p.First).ToList();
    bad.ForEach(v => Console.WriteLine($"{v.Outcome} of {v.Name}: {v.Detail}"));
    return bad.Count == 0 ? 0 : 1;
}

// Most programs of a compilation share their members, which are captured once for all of them.
static string SourceOf(string name, Node body) => ProgramSource.Of(name, body.ToString(), inherits: name[^1] != '0', differentiates: name[^1] == '5');

var watch = Stopwatch.StartNew();
var totals = new Dictionary<Outcome, int>();
var reasons = new Dictionary<string, int>();
var rounded = new Dictionary<string, int>();
var run = 0;
while (run < count && watch.Elapsed.TotalSeconds < limit)
{
    // Programs of neighbouring seeds must differ: the seed of a program is its number in a stream that starts at the run's.
    List<int> numbers = only >= 0 ? [only] : [.. Enumerable.Range(run, Math.Min(Batch, count - run)).Select(i => unchecked((seed * 1_000_003) + i) & int.MaxValue)];
    run += numbers.Count;
    var bodies = numbers.ToDictionary(i => $"P{i}", GenerateProgram.Of);
    var programs = bodies.Select(b => (b.Key, snippets?.Of(b.Key, int.Parse(b.Key[1..], CultureInfo.InvariantCulture)) ?? SourceOf(b.Key, b.Value)))
        .Select(p => mutate ? (p.Key, MutateProgram.Of(p.Item2, new Random(int.Parse(p.Key[1..], CultureInfo.InvariantCulture)))) : p).ToList();
    foreach (var (verdict, text) in (await workers.Run(programs)).Zip(programs.Select(p => p.Item2)))
    {
        totals[verdict.Outcome] = totals.GetValueOrDefault(verdict.Outcome) + 1;
        if (verdict is { Outcome: Outcome.Equal, Detail: var detail and not "" })
        {
            rounded[detail] = rounded.GetValueOrDefault(detail) + 1;
        }

        if (verdict.Outcome is Outcome.Eager or Outcome.Diagnosed or Outcome.Invalid)
        {
            var reason = $"{verdict.Outcome} {string.Concat((verdict.Detail.Split(": ", 2) is [_, var tail] ? tail : verdict.Detail).Where(c => !char.IsDigit(c)))}";
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        if (verdict.IsFailure)
        {
            await Console.Error.WriteLineAsync($"{verdict.Outcome} of {verdict.Name}: {verdict.Detail}");
            var small = !mutate && snippets is null && shrink ? await Shrink.Of(bodies[verdict.Name], verdict, workers) : (Body: null, Verdict: verdict);
            await Console.Error.WriteLineAsync($"--- {small.Verdict.Outcome}: {small.Verdict.Detail}\n{small.Body?.ToString() ?? text}");
        }
    }

    await Console.Error.WriteLineAsync($"{run} programs, {watch.Elapsed.TotalSeconds:F0} s: {string.Join(", ", totals.Select(t => $"{t.Key} {t.Value}"))}");
}

if (args.Contains("--reasons"))
{
    foreach (var (reason, times) in reasons.OrderByDescending(r => r.Value).Take(40))
    {
        await Console.Error.WriteLineAsync($"{times,5} {reason}");
    }
}

int Total(Outcome outcome) => totals.GetValueOrDefault(outcome);
Console.WriteLine(JsonSerializer.Serialize(new
{
    programs = run,
    accepted = Total(Outcome.Equal) + Total(Outcome.Eager),
    eager = Total(Outcome.Eager),
    diagnosed = Total(Outcome.Diagnosed),
    differences = Total(Outcome.Difference),
    crashes = Total(Outcome.Crash),
    hangs = Total(Outcome.Hang),
    rounded_by_inputs = rounded.GetValueOrDefault(Verdict.RoundingOfInputs),
    rounded_by_ops = rounded.GetValueOrDefault(Verdict.RoundingOfOps),
    invalid = Total(Outcome.Invalid) + Total(Outcome.Endless),
    seed,
    seconds = Math.Round(watch.Elapsed.TotalSeconds, 1),
}));
return totals.Any(t => new Verdict("", t.Key, "").IsFailure) ? 1 : 0;
