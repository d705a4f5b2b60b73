using System.Diagnostics;
using System.Threading.Channels;

namespace Unified.Fuzz;

/// <summary>Turns programs into verdicts by way of child processes: one that dies or stops answering costs only its program.</summary>
internal static class Supervise
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs the programs in so many processes at once.</summary>
    public static async Task<IReadOnlyList<Verdict>> Run(IReadOnlyList<(string Name, string Text)> programs, int jobs)
    {
        var verdicts = await Task.WhenAll(programs.Chunk((programs.Count + jobs - 1) / jobs).Select(c => Run(c)));
        return [.. verdicts.SelectMany(v => v)];
    }

    public static async Task<IReadOnlyList<Verdict>> Run(IReadOnlyList<(string Name, string Text)> programs)
    {
        var verdicts = new Dictionary<string, Verdict>();
        var left = programs.ToList();
        while (left.Count > 0)
        {
            var folder = Directory.CreateTempSubdirectory("unified-fuzz");
            foreach (var (name, text) in left)
            {
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, name + ".cs"), text);
            }

            var culprit = await RunOnce(folder.FullName, v => verdicts[v.Name] = v);
            folder.Delete(recursive: true);
            if (culprit is { Name: "" })
            {
                // The compiler as a whole failed: halve until the program is alone.
                if (left.Count == 1)
                {
                    verdicts[left[0].Name] = culprit with { Name = left[0].Name };
                    break;
                }

                foreach (var half in left.Chunk((left.Count + 1) / 2))
                {
                    foreach (var v in await Run(half))
                    {
                        verdicts[v.Name] = v;
                    }
                }
            }
            else if (culprit is not null)
            {
                verdicts[culprit.Name] = culprit;
            }

            left.RemoveAll(p => verdicts.ContainsKey(p.Name));
        }

        return [.. programs.Select(p => verdicts[p.Name])];
    }

    /// <returns>The program that ended the process or stopped answering; without a name when that was not one program's.</returns>
    private static async Task<Verdict?> RunOnce(string folder, Action<Verdict> done)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Self(), "--worker", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var lines = Channel.CreateUnbounded<string?>();
        var errors = new Queue<string>();
        process.OutputDataReceived += (_, e) => lines.Writer.TryWrite(e.Data);
        process.ErrorDataReceived += (_, e) =>
        {
            lock (errors)
            {
                errors.Enqueue(e.Data ?? "");
                while (errors.Count > 12)
                {
                    errors.Dequeue();
                }
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var (stage, name) = ("", "");
        while (true)
        {
            using var timeout = new CancellationTokenSource(name.Length == 0 ? s_patience * 4 : s_patience);
            string? line;
            try
            {
                line = await lines.Reader.ReadAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return new Verdict(name, stage == "eager" ? Outcome.Endless : Outcome.Hang, stage);
            }

            if (line is null)
            {
                await process.WaitForExitAsync();
                lock (errors)
                {
                    return process.ExitCode == 0 ? null : new Verdict(name, stage == "eager" ? Outcome.Endless : Outcome.Crash, $"{stage}: {string.Join(" ", errors)}");
                }
            }

            var parts = line.Split('\t', 3);
            if (Enum.TryParse<Outcome>(parts[0], out var outcome))
            {
                done(new Verdict(parts[1], outcome, parts[2]));
                (stage, name) = ("", parts[1] == name ? "" : name);
            }
            else
            {
                (stage, name) = parts[0] == "failed" ? (parts[2], "") : (parts[0], parts[1]);
            }
        }
    }

    private static IEnumerable<string> Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(Supervise).Assembly.Location] : [];
}
