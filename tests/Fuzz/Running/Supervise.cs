namespace Unified.Fuzz;

/// <summary>Turns programs into verdicts by way of child processes: one that dies or stops answering costs only its program.</summary>
internal sealed class Supervise(int jobs) : IDisposable
{
    // Loaded kernels stay for the life of a process.
    private const int MostPrograms = 6000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly WorkerProcess?[] _workers = new WorkerProcess?[jobs];

    /// <summary>Runs the programs, in all processes at once.</summary>
    public async Task<IReadOnlyList<Verdict>> Run(IReadOnlyList<(string Name, string Text)> programs)
    {
        var verdicts = await Task.WhenAll(programs.Chunk((programs.Count + jobs - 1) / jobs).Select((c, i) => Run(i, c)));
        return [.. verdicts.SelectMany(v => v)];
    }

    public void Dispose()
    {
        for (var i = 0; i < _workers.Length; i++)
        {
            Drop(i);
        }
    }

    private void Drop(int job)
    {
        _workers[job]?.Dispose();
        _workers[job] = null;
    }

    private async Task<IReadOnlyList<Verdict>> Run(int job, IReadOnlyList<(string Name, string Text)> programs)
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

            var culprit = await RunOnce(job, folder.FullName, left.Count, v => verdicts[v.Name] = v);
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
                    foreach (var v in await Run(job, half))
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
    private async Task<Verdict?> RunOnce(int job, string folder, int programs, Action<Verdict> done)
    {
        if (_workers[job]?.Programs > MostPrograms)
        {
            Drop(job);
        }

        var worker = _workers[job] ??= new WorkerProcess();
        await worker.Send(folder, programs);
        var (stage, name) = ("", "");
        while (true)
        {
            string? line;
            try
            {
                line = await worker.Read(name.Length == 0 ? s_patience * 4 : s_patience);
            }
            catch (OperationCanceledException)
            {
                Drop(job);
                return new Verdict(name, stage == "eager" ? Outcome.Endless : Outcome.Hang, stage);
            }

            if (line is null)
            {
                await worker.End();
                var errors = worker.Errors;
                Drop(job);
                return new Verdict(name, stage == "eager" ? Outcome.Endless : Outcome.Crash, $"{stage}: {errors}");
            }

            var parts = line.Split('\t', 3);
            switch (parts[0])
            {
                case Worker.End:
                    return null;
                case Worker.Failed:
                    return new Verdict("", Outcome.Crash, parts[2]);
                case var word when Enum.TryParse<Outcome>(word, out var outcome):
                    done(new Verdict(parts[1], outcome, parts[2]));
                    (stage, name) = ("", parts[1] == name ? "" : name);
                    break;
                default:
                    (stage, name) = (parts[0], parts[1]);
                    break;
            }
        }
    }
}
