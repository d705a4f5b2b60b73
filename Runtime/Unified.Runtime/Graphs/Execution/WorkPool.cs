using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Unified.Native.Os;

namespace Unified.Graphs;

/// <summary>
/// The threads that run kernels. The caller and the workers claim chunks of a launch; the caller waits only for workers that
/// entered, so a sleeping worker never delays a launch. One launch at a time; results do not depend on who does which chunk.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The pool lives as long as the process.")]
internal sealed unsafe class WorkPool
{
    private const int SpinsBeforePark = 20_000;

    // Lazy, so that a bad setting shows its own message and not that of a failed type initializer.
    private static readonly Lazy<WorkPool> s_shared = new(() => new WorkPool(WorkPoolSettings.FromEnvironment()));

    private readonly Lock _lock = new();
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly byte*[] _scratch;
    private readonly long[] _scratchBytes;
    private readonly bool _evades;
    private int _parked;

    // The launch in progress.
    private delegate* unmanaged<byte**, long*, long, long, byte*, long*, void> _kernel;
    private byte** _buffers;
    private long* _parameters;
    private long* _status;
    private long _units;
    private long _grain;
    private long _next;
    private long _epoch;
    private int _processor;
    private int _active;
    private volatile bool _open;

    internal WorkPool(int threads)
        : this(new WorkPoolSettings(threads, []))
    {
    }

    internal WorkPool(WorkPoolSettings settings)
    {
        var threads = Threads = settings.Threads;
        _evades = settings.Processors.IsEmpty && ThreadAffinity.IsSupported && threads <= ThreadAffinity.Allowed.Length;
        _scratch = new byte*[threads];
        _scratchBytes = new long[threads];
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            var index = i + 1;
            var processor = settings.Processors.IsEmpty ? -1 : settings.Processors[index];
            _workers[i] = new Thread(() => Work(index, processor)) { IsBackground = true, Name = $"Unified worker {index}" };
            _workers[i].Start();
        }
    }

    /// <summary>As many threads as processors, or as <see cref="WorkPoolSettings"/> say.</summary>
    public static WorkPool Shared => s_shared.Value;

    public int Threads { get; }

    /// <summary>Workers asleep at the moment.</summary>
    internal int Parked => Volatile.Read(ref _parked);

    /// <summary>Makes sure that each thread has that much scratch memory. Not for the steady state.</summary>
    public void ReserveScratch(long bytes)
    {
        lock (_lock)
        {
            for (var i = 0; i < Threads; i++)
            {
                if (_scratchBytes[i] < bytes)
                {
                    NativeMemory.AlignedFree(_scratch[i]);
                    _scratch[i] = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
                    _scratchBytes[i] = bytes;
                }
            }
        }
    }

    /// <summary>Runs all units of a kernel, at least <paramref name="grain"/> at a time, in multiples of it.</summary>
    public void Run(
        delegate* unmanaged<byte**, long*, long, long, byte*, long*, void> kernel, byte** buffers, long* parameters, long units, long grain,
        long* status)
    {
        lock (_lock)
        {
            if (Threads == 1 || units <= grain)
            {
                kernel(buffers, parameters, 0, units, _scratch[0], status);
                return;
            }

            _kernel = kernel;
            _buffers = buffers;
            _parameters = parameters;
            _status = status;
            _units = units;
            _grain = grain;
            _processor = _evades ? ThreadAffinity.Current : -1;
            Volatile.Write(ref _next, 0);
            _open = true;
            Interlocked.Increment(ref _epoch);

            // Who is taken off the count here is owed exactly one release: a worker that is slow to wake is not woken twice.
            if (Volatile.Read(ref _parked) > 0 && Interlocked.Exchange(ref _parked, 0) is > 0 and var parked)
            {
                _wake.Release(parked);
            }

            Claim(0);
            _open = false;
            Interlocked.MemoryBarrier();
            var spin = default(SpinWait);
            while (Volatile.Read(ref _active) != 0)
            {
                spin.SpinOnce(-1);
            }
        }
    }

    /// <summary>
    /// Runs all units of managed code likewise. False, with nothing done, where there is nobody to share with: one thread, one grain, or a launch in progress,
    /// which may be the one that the caller is a part of.
    /// </summary>
    public bool TryRun(Action<long, long> body, long units, long grain)
    {
        if (Threads == 1 || units <= grain || _lock.IsHeldByCurrentThread || !_lock.TryEnter())
        {
            return false;
        }

        var work = new ManagedWork(body);
        var handle = GCHandle.Alloc(work);
        try
        {
            Run(&RunManaged, null, (long*)GCHandle.ToIntPtr(handle), units, grain, null);
        }
        finally
        {
            handle.Free();
            _lock.Exit();
        }

        work.Failure?.Throw();
        return true;
    }

    // An exception must not leave a worker's chunk: it would end the process.
    [UnmanagedCallersOnly]
    [SuppressMessage("Design", "CA1031", Justification = "It is thrown again by the thread that asked for the work.")]
    private static void RunManaged(byte** buffers, long* work, long begin, long end, byte* scratch, long* status)
    {
        var managed = (ManagedWork)GCHandle.FromIntPtr((nint)work).Target!;
        try
        {
            managed.Body(begin, end);
        }
        catch (Exception e)
        {
            managed.Failure ??= ExceptionDispatchInfo.Capture(e);
        }
    }

    private void Claim(int thread)
    {
        // A share of what is left, in multiples of the grain: large chunks first, and small ones to even out how the threads end.
        var begin = Volatile.Read(ref _next);
        while (begin < _units)
        {
            var share = (_units - begin + (2L * Threads) - 1) / (2L * Threads);
            var end = Math.Min(_units, begin + ((share + _grain - 1) / _grain * _grain));
            var found = Interlocked.CompareExchange(ref _next, end, begin);
            if (found == begin)
            {
                _kernel(_buffers, _parameters, begin, end, _scratch[thread], _status);
                found = Volatile.Read(ref _next);
            }

            begin = found;
        }
    }

    private void Work(int thread, int processor)
    {
        // Which processors there are was looked at before; should one have gone since, the thread works elsewhere.
        _ = processor >= 0 && ThreadAffinity.Pin(processor);
        long seen = 0;
        while (true)
        {
            var spins = 0;
            while (Volatile.Read(ref _epoch) == seen)
            {
                if (++spins > SpinsBeforePark)
                {
                    Park(seen);
                    spins = 0;
                }

                Thread.SpinWait(8);
            }

            seen = Volatile.Read(ref _epoch);

            // Enter first, then look whether the launch is still open: the caller closes it before it counts who is in.
            Interlocked.Increment(ref _active);
            if (_open)
            {
                // A system may wake a worker on the caller's processor, or move the caller there, and take ten milliseconds and more to part them.
                _ = _evades && ThreadAffinity.Current == _processor && ThreadAffinity.Leave(_processor);
                Claim(thread);
            }

            Interlocked.Decrement(ref _active);
        }
    }

    private void Park(long seen)
    {
        Interlocked.Increment(ref _parked);
        if (Volatile.Read(ref _epoch) != seen && TryUnpark())
        {
            return;
        }

        _wake.Wait();
    }

    /// <summary>False when the caller has taken this worker off the count already, and a release is on its way.</summary>
    private bool TryUnpark()
    {
        var parked = Volatile.Read(ref _parked);
        while (parked > 0)
        {
            var found = Interlocked.CompareExchange(ref _parked, parked - 1, parked);
            if (found == parked)
            {
                return true;
            }

            parked = found;
        }

        return false;
    }

    private sealed class ManagedWork(Action<long, long> body)
    {
        public Action<long, long> Body { get; } = body;

        public ExceptionDispatchInfo? Failure { get; set; }
    }
}
