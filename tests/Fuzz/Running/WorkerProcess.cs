using System.Diagnostics;
using System.Threading.Channels;

namespace Unified.Fuzz;

/// <summary>A child process that runs one batch of programs after the other: what it has loaded and compiled of itself serves them all.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const int KeptErrors = 12;
    private const int Turns = 10;

    private readonly Process _process;
    private readonly Channel<string?> _lines = Channel.CreateUnbounded<string?>();
    private readonly Queue<string> _errors = new();

    public WorkerProcess()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Self(), "--worker"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // Compilers allocate much that dies young: few and large collections. What it compiles of itself is used for long.
        start.Environment["DOTNET_GCgen0size"] = "0x10000000";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, e) => _lines.Writer.TryWrite(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Programs that it was given.</summary>
    public int Programs { get; private set; }

    /// <summary>The last lines that it wrote to standard error.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join(" ", _errors);
            }
        }
    }

    public async Task Send(string folder, int programs)
    {
        Programs += programs;
        lock (_errors)
        {
            _errors.Clear();
        }

        try
        {
            await _process.StandardInput.WriteLineAsync(folder);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It has ended: the reader is told so.
        }
    }

    /// <returns>Null when the process has ended.</returns>
    /// <exception cref="OperationCanceledException">
    /// It said nothing while it used so much processor time, or ten times as long by the clock: one that waits for a processor does not hang.
    /// </exception>
    public async Task<string?> Read(TimeSpan patience)
    {
        var used = Used();
        for (var turn = 1; ; turn++)
        {
            using var timeout = new CancellationTokenSource(patience);
            try
            {
                return await _lines.Reader.ReadAsync(timeout.Token);
            }
            catch (OperationCanceledException) when (turn < Turns && Used() - used < patience)
            {
                // It has had little of the processor.
            }
        }
    }

    public Task End() => _process.WaitForExitAsync();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private TimeSpan Used()
    {
        _process.Refresh();
        return _process.HasExited ? TimeSpan.MaxValue : _process.TotalProcessorTime;
    }

    private static IEnumerable<string> Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(WorkerProcess).Assembly.Location] : [];

    private void Keep(string? line)
    {
        lock (_errors)
        {
            _errors.Enqueue(line ?? "");
            while (_errors.Count > KeptErrors)
            {
                _errors.Dequeue();
            }
        }
    }
}
