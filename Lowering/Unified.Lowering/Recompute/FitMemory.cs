using System.Collections.Immutable;
using System.Globalization;
using Unified.Ir;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Recompute;

/// <summary>
/// Turns a module into a schedule whose working memory is within a limit, by computing again what is cheapest for the memory that it saves, and no more of it than is needed.
/// </summary>
internal static class FitMemory
{
    private const double Megabyte = 1 << 20;

    // Named in an error; and how many shares of the candidates are tried where all of them do not do.
    private const int MostHolders = 5, MostParts = 8;

    /// <exception cref="GraphCompileException">No schedule that can be had is within the limit.</exception>
    public static ScheduledModule Run(GraphModule module, SchedulePlan plan, long limit)
    {
        var scheduled = Scheduler.Schedule(module, plan);
        var sizes = PlannedSizes.Of(scheduled.Dims, plan.Sizes);
        var (best, least) = (scheduled, ArenaBytes(scheduled));
        if (least <= limit)
        {
            return scheduled;
        }

        var (candidates, middle) = FindRecomputable.Run(module, sizes);
        var (tooFew, enough) = (0, candidates.Length);
        if (Try(candidates.Length))
        {
            while (enough - tooFew > 1)
            {
                var count = (tooFew + enough) / 2;
                (tooFew, enough) = Try(count) ? (tooFew, count) : (count, enough);
            }

            // The last that was tried need not be the one that fits.
            _ = Try(enough);
            return best;
        }

        // What is computed again needs memory, too: fewer may do where all do not.
        for (var part = 1; part < MostParts; part++)
        {
            if (Try(candidates.Length * (MostParts - part) / MostParts))
            {
                return best;
            }
        }

        throw new GraphCompileException(Text(best, sizes, limit), null);

        bool Try(int count)
        {
            var tried = Scheduler.Schedule(RecomputeValues.Run(module, [.. candidates.Take(count)], middle), plan);
            var bytes = ArenaBytes(tried);
            (best, least) = bytes <= limit || bytes < least ? (tried, bytes) : (best, least);
            return bytes <= limit;
        }

        long ArenaBytes(ScheduledModule made) => ProgramMemory.Of(made.Programs, PlannedSizes.Of(made.Dims, plan.Sizes))[0].ArenaBytes;
    }

    private static string Text(ScheduledModule best, IReadOnlyDictionary<string, long> sizes, long limit)
    {
        var memory = ProgramMemory.Of(best.Programs, sizes)[0];
        var (step, _) = MemoryText.Peak(memory) ?? (0, 0);
        var holders = MemoryText.AliveAt(memory, step).GroupBy(b => MemoryText.Holds(memory.Program, memory.Program.Buffers[b])).Select(g => (Name: g.Key, Bytes: g.Sum(b => memory.Bytes[b])))
            .OrderByDescending(h => h.Bytes).Take(MostHolders).Select(h => Line($"{h.Bytes / Megabyte:0.##} MB for {h.Name}"));
        var sized = string.Join(", ", sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => Line($"{s.Key} = {s.Value}")));
        return Line($"{memory.Program.Name} needs {memory.ArenaBytes / Megabyte:0.##} MB of working memory{(sized.Length == 0 ? "" : $" for {sized}")}, also with all computed again that can be, and the limit is {limit / Megabyte:0.##} MB. ")
            + $"At its peak, {memory.Program.Steps[step].Label}, hold it: {string.Join("; ", holders)}. Raise CompileOptions.MemoryLimit, or make the batch smaller";
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
