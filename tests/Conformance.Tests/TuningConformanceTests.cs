using System.Diagnostics;
using System.Security.Cryptography;
using System.Runtime.InteropServices;
using Unified.Ir;
using Unified.Lowering;

namespace Unified.Conformance.Tests;

/// <summary>
/// With each tunable at its extremes graphs give what eager code gives; bit by bit what they give by default, where the tunable cannot change rounding; and the same for every
/// number of threads. By default at sizes that cross the tunables; <c>UNIFIED_CONFORMANCE=extremes</c> also runs every case of every op.
/// </summary>
[Collection("one call at a time")]
public sealed class TuningConformanceTests
{
    private const string DigestVariable = "UNIFIED_TUNING_DIGEST";

    private static readonly TunedModel s_model = new();
    private static readonly Dictionary<string, (float[] Eager, float[] Default, string Code)> s_known = [];

    public static TheoryData<string, int> Extremes
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var (tunable, value) in TunedCase.Extremes)
            {
                data.Add(tunable.Name, value);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Extremes))]
    public void A_tunable_at_its_extreme_changes_code_and_not_results(string name, int value)
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        var tunable = TunableTable.Get(name);
        var tuning = Tuning.Default.With(tunable, value);
        var changed = new HashSet<KernelFamily>();
        foreach (var one in TunedCase.All.Where(c => c.Families.Intersect(tunable.Families).Any()))
        {
            var (eager, usual, code) = Known(one);
            var tuned = one.Run(s_model, tuning);
            if (one.Code(s_model, tuning) != code)
            {
                changed.UnionWith(one.Families.Intersect(tunable.Families));
            }

            Assert.True(tunable.ChangesRounding || MemoryMarshal.AsBytes<float>(tuned).SequenceEqual(MemoryMarshal.AsBytes<float>(usual)), $"{one.Name}: other bits with {name} of {value}");
            Close(one, eager, tuned, $"{name} of {value}");
        }

        Assert.Equal(tunable.Families.ToHashSet(), changed);
    }

    [Fact]
    public void Default_results_agree_with_eager_ones()
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        foreach (var one in TunedCase.All)
        {
            var (eager, usual, _) = Known(one);
            Close(one, eager, usual, "the default");
        }
    }

    [Fact]
    public async Task Results_at_all_extremes_do_not_depend_on_the_number_of_threads()
    {
        if (Environment.GetEnvironmentVariable(DigestVariable) is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, Digest(), TestContext.Current.CancellationToken);
            return;
        }

        var digests = new HashSet<string>();
        foreach (var threads in (string[])["1", "3"])
        {
            var path = Path.GetTempFileName();
            var start = new ProcessStartInfo("dotnet", ["exec", typeof(TuningConformanceTests).Assembly.Location, "-method", $"*.{nameof(Results_at_all_extremes_do_not_depend_on_the_number_of_threads)}", "-noColor"])
            {
                RedirectStandardOutput = true,
                Environment = { [DigestVariable] = path, ["UNIFIED_THREADS"] = threads },
            };
            using var process = Process.Start(start)!;
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, output);
            var digest = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(64, digest.Length);
            digests.Add(digest);
            File.Delete(path);
        }

        Assert.Single(digests);
    }

    [Fact]
    public void Every_case_of_every_op_agrees_with_the_reference_at_each_extreme()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("UNIFIED_CONFORMANCE") == "extremes", "the long form: UNIFIED_CONFORMANCE=extremes");
        var options = GraphRuntime.Options;
        var failures = new List<string>();
        try
        {
            // All at once first: it takes long until each has had its turn.
            IEnumerable<(string Name, Tuning Tuning)> settings =
            [
                ("all at their lowest", All(t => t.Candidates[0])), ("all at their highest", All(t => t.Candidates[^1])),
                .. TunedCase.Extremes.Select(e => ($"{e.Tunable} of {e.Value}", Tuning.Default.With(e.Tunable, e.Value))),
            ];
            foreach (var (name, tuning) in settings)
            {
                GraphRuntime.Options = options with { Tuning = tuning };
                var outcomes = OpTable.All.Where(o => !o.Has(OpTraits.Structural)).Select(Conformance.Run).ToList();
                failures.AddRange(outcomes.SelectMany(o => o.Failures).Select(f => $"{name}: {f}"));
                Console.Error.WriteLine($"{name}: {outcomes.Sum(o => o.Passed)} cases passed, {outcomes.Sum(o => o.Failures.Length)} failed");
            }
        }
        finally
        {
            GraphRuntime.Options = options;
        }

        Assert.True(failures.Count == 0, $"{failures.Count} cases fail:\n{string.Join("\n", failures.Take(20))}");
    }

    private static (float[] Eager, float[] Default, string Code) Known(TunedCase one) => s_known.TryGetValue(one.Name, out var known) ? known
        : s_known[one.Name] = (one.Run(s_model, null), one.Run(s_model, Tuning.Default), one.Code(s_model, Tuning.Default));

    private static string Digest()
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var pick in (Func<Tunable, int>[])[t => t.Candidates[0], t => t.Candidates[^1]])
        {
            var tuning = All(pick);
            foreach (var one in TunedCase.All)
            {
                hash.AppendData(MemoryMarshal.AsBytes<float>(one.Run(s_model, tuning)));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static Tuning All(Func<Tunable, int> pick) => TunableTable.All.Aggregate(Tuning.Default, (t, tunable) => t.With(tunable, pick(tunable)));

    private static void Close(TunedCase one, float[] expected, float[] actual, string with)
    {
        Assert.Equal(expected.Length, actual.Length);
        var bound = one.Tolerance * (1 + expected.Max(Math.Abs));
        var worst = expected.Zip(actual).Select(p => Math.Abs(p.First - p.Second)).Max();
        Assert.True(worst <= bound, $"{one.Name} with {with}: {worst:G3} from the eager result, above {bound:G3}");
    }
}
