using System.Globalization;
using System.Text;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns programs into a page about their working memory: how much each needs, and what lies there when most of it is in use.</summary>
internal static class MemoryText
{
    private const double Megabyte = 1 << 20;

    /// <param name="sizes">Of all named dims.</param>
    public static string Print(IReadOnlyList<GraphProgram> programs, IReadOnlyDictionary<string, long> sizes)
    {
        var text = new StringBuilder();
        text.AppendLine(Line($"sizes: {string.Join(", ", sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={s.Value}"))}"));
        foreach (var memory in ProgramMemory.Of(programs, sizes).OrderBy(m => m.Key).Select(m => m.Value))
        {
            var program = memory.Program;
            text.AppendLine().AppendLine(Line($"program {program.Name}: {memory.ArenaBytes / Megabyte:0.00} MB"));
            if (Peak(memory) is not (var step, var live))
            {
                continue;
            }

            text.AppendLine(Line($"  most of it at step {step} of {program.Steps.Length}, {program.Steps[step].Label}: {live / Megabyte:0.00} MB"));
            foreach (var b in AliveAt(memory, step).OrderByDescending(b => memory.Bytes[b]).ThenBy(b => b))
            {
                text.AppendLine(Line($"  {memory.Bytes[b] / Megabyte,10:0.00}  {program.Buffers[b].FirstStep,5} to {program.Buffers[b].LastStep,-5} {Holds(program, program.Buffers[b])}"));
            }
        }

        return text.ToString();
    }

    /// <summary>The step at which the blocks that are alive have most bytes; null where nothing lies in the arena.</summary>
    public static (int Step, long Bytes)? Peak(ProgramMemory memory)
    {
        var change = new long[memory.Program.Steps.Length + 1];
        foreach (var b in InArena(memory))
        {
            var plan = memory.Program.Buffers[b];

            // What takes another's place begins where that one ends.
            change[plan.Over < 0 ? plan.FirstStep : plan.FirstStep + 1] += memory.Bytes[b];
            change[plan.LastStep + 1] -= memory.Bytes[b];
        }

        (int Step, long Bytes)? most = null;
        var live = 0L;
        for (var s = 0; s < memory.Program.Steps.Length; s++)
        {
            live += change[s];
            most = live > (most?.Bytes ?? 0) ? (s, live) : most;
        }

        return most;
    }

    /// <summary>The buffers that hold memory of the arena at a step.</summary>
    public static IEnumerable<int> AliveAt(ProgramMemory memory, int step) => InArena(memory).Where(b =>
        memory.Program.Buffers[b] is var plan && (plan.Over < 0 ? plan.FirstStep <= step : plan.FirstStep < step) && plan.LastStep >= step);

    /// <summary>What a buffer is for, for people.</summary>
    public static string Holds(GraphProgram program, BufferPlan buffer) => buffer.Kind == BufferKind.Frame
        ? $"memory of {program.Steps.OfType<CallStep>().First(s => s.Program == buffer.Index).Label}"
        : program.Steps[buffer.FirstStep].Label;

    private static IEnumerable<int> InArena(ProgramMemory memory) => Enumerable.Range(0, memory.Bytes.Length).Where(b => memory.Bytes[b] > 0);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
