namespace Unified.Nn.Data;

/// <summary>Makes numbered results ahead of their use on the thread pool, a bounded number of them, and hands them out in order.</summary>
internal sealed class WorkAhead<T> : IDisposable
{
    private readonly Queue<Task<T>> _pending = [];
    private readonly CancellationTokenSource _cancel = new();
    private readonly SemaphoreSlim? _workers;
    private readonly Func<int, T> _make;
    private readonly int _ahead;
    private readonly int _count;
    private int _next;

    public WorkAhead(int workers, int ahead, int count, Func<int, T> make)
    {
        _workers = workers > 0 ? new SemaphoreSlim(workers) : null;
        (_ahead, _count, _make) = (ahead, count, make);
        Fill();
    }

    public T Next()
    {
        if (_workers is null)
        {
            return _make(_next++);
        }

        var result = _pending.Dequeue().GetAwaiter().GetResult();
        Fill();
        return result;
    }

    public async Task<T> NextAsync(CancellationToken cancel)
    {
        // A wait that is given up leaves its result in the queue, for Dispose.
        var result = await _pending.Peek().WaitAsync(cancel).ConfigureAwait(false);
        _ = _pending.Dequeue();
        Fill();
        return result;
    }

    /// <summary>Waits for what is in work, and disposes of what nobody took.</summary>
    public void Dispose()
    {
        _cancel.Cancel();
        foreach (var task in _pending)
        {
            try
            {
                (task.GetAwaiter().GetResult() as IDisposable)?.Dispose();
            }
            catch (Exception e) when (task.IsCanceled || task.IsFaulted)
            {
                // Its batch was not asked for, so that its error is nobody's; a first error was already thrown by Next.
                _ = e;
            }
        }

        _cancel.Dispose();
        _workers?.Dispose();
    }

    private void Fill()
    {
        while (_workers is not null && _next < _count && _pending.Count < _ahead)
        {
            var number = _next++;
            _pending.Enqueue(Task.Run(() => Work(number)));
        }
    }

    private async Task<T> Work(int number)
    {
        await _workers!.WaitAsync(_cancel.Token).ConfigureAwait(false);
        try
        {
            return _make(number);
        }
        finally
        {
            _workers.Release();
        }
    }
}
