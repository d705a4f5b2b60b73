using System.Diagnostics;
using Spectre.Console;
using Unified.Benchmarks.Models;
using Unified.Lowering;

namespace Unified.Benchmarks.Measuring;

/// <summary>What a call of a method with <c>[Eager]</c> costs in a graph: the same graph with and without one that hands its argument back, in turns; medians.</summary>
internal static class EagerCallCost
{
    private const int Rounds = 31;

    public static int Run(bool json)
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        using var mode = Execution.Use(ExecutionMode.Graph);
        var model = new EagerCalls();
        var table = new Table().AddColumns("floats", "without µs", "with µs", "a call µs");
        foreach (var size in (int[])[16, 16 << 10, 1 << 20, 16 << 20])
        {
            var x = Tensor.Ones([size]);
            var calls = Math.Max(1, (1 << 20) / size / 16);
            var (without, with) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                without.Add(Microseconds(calls, () => model.Without(x)));
                with.Add(Microseconds(calls, () => model.With(x)));
            }

            var (a, b) = (without.Order().ElementAt(Rounds / 2), with.Order().ElementAt(Rounds / 2));
            table.AddRow($"{size:N0}", $"{a:0.0}", $"{b:0.0}", $"{b - a:0.0}");
            if (json)
            {
                Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(new { floats = size, without = a, with = b }));
            }
        }

        AnsiConsole.Write(table);
        return 0;
    }

    private static double Microseconds(int calls, Func<Tensor> run)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            run().Dispose();
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls;
    }
}
