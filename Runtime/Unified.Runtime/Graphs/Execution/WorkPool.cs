using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Unified.Native.Os;

namespace Unified.Graphs;

/// <summary>
/// The threads that run kernels. Each has an even share of a launch, the same one each time, since what a thread has written lies in its processor's caches; it claims
/// chunks of it, and of the others' shares when its own is done. The caller waits only for workers that
/// entered, so a sleeping worker never delays a launch. One launch at a time; results do not depend on who does which chunk.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The pool lives as long as the process.")]
internal sealed unsafe class WorkPool
{
    // A launch may take ten microseconds: whoever waits looks as often as waiting is cheap, some 40 ns, and rests after some 6 ms.
    private const int SpinsBeforePark = 160_000, SpinsBeforeYield = 1_000;

    // Lines go from cache to cache in pairs.
    private const int Apart = 128;

    // A share is the number of a launch, and the chunk that is claimed next.
    private const int ChunkBits = 32, MostChunkBits = ChunkBits - 2;
    private const long ChunkMask = (1L << ChunkBits) - 1;

    // Lazy, so that a bad setting shows its own message and not that of a failed type initializer.
    private static readonly Lazy<WorkPool> s_shared = new(() => new WorkPool(WorkPoolSettings.FromEnvironment()));

    private readonly Lock _lock = new();
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly byte*[] _scratch;
    private readonly long[] _scratchBytes;
    private readonly bool _evades;
    private int _parked;

    // In memory of their own: what several threads change goes from one processor's cache to another's, a line at a time, and each time takes 0.1 µs and more.
    private readonly Launch* _launch;
    private readonly Attendance* _attendance;
    private readonly byte* _shares;

    internal WorkPool(int threads)
        : this(new WorkPoolSettings(threads, []))
    {
    }

    internal WorkPool(WorkPoolSettings settings)
    {
        var threads = Threads = settings.Threads;
        var shared = (byte*)NativeMemory.AlignedAlloc((nuint)(2 + threads) * Apart, Apart);
        NativeMemory.Clear(shared, (nuint)(2 + threads) * Apart);
        _launch = (Launch*)shared;
        _attendance = (Attendance*)(shared + Apart);
        _shares = shared + (2 * Apart);
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

            var launch = _launch;
            launch->Kernel = kernel;
            launch->Buffers = buffers;
            launch->Parameters = parameters;
            launch->Status = status;
            launch->Units = units;
            launch->Grain = grain * (1 + ((units / grain) >> MostChunkBits));
            _attendance->Processor = _evades ? ThreadAffinity.Current : -1;
            Volatile.Write(ref _attendance->IsOpen, 1);
            Interlocked.Increment(ref launch->Epoch);

            // Who is taken off the count here is owed exactly one release: a worker that is slow to wake is not woken twice.
            if (Volatile.Read(ref _parked) > 0 && Interlocked.Exchange(ref _parked, 0) is > 0 and var parked)
            {
                _wake.Release(parked);
            }

            Claim(0);
            Volatile.Write(ref _attendance->IsOpen, 0);
            Interlocked.MemoryBarrier();
            for (var spins = 0; Volatile.Read(ref _attendance->Active) != 0; spins++)
            {
                if (spins < SpinsBeforeYield)
                {
                    Thread.SpinWait(1);
                }
                else
                {
                    Thread.Yield();
                }
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
        for (var i = 0; i < Threads; i++)
        {
            var owner = thread + i;
            ClaimOf(owner < Threads ? owner : owner - Threads, thread);
        }
    }

    // A part of what is left of a share: large chunks first, and small ones to even out how the threads end. Who helps takes less, for the owner is at it as well.
    private void ClaimOf(int owner, int thread)
    {
        var launch = _launch;
        var (units, grain, launchNumber) = (launch->Units, launch->Grain, (long)(uint)launch->Epoch << ChunkBits);
        var chunks = (units + grain - 1) / grain;
        var (first, last) = (chunks * owner / Threads, chunks * (owner + 1) / Threads);
        var parts = owner == thread ? 3 : 6;

        // Nobody sets the shares back for a launch: a number of another launch means that nothing of the share is taken.
        var share = (long*)(_shares + ((long)owner * Apart));
        var seen = Volatile.Read(ref *share);
        while (true)
        {
            var begin = (seen & ~ChunkMask) == launchNumber ? seen & ChunkMask : first;
            if (begin >= last)
            {
                return;
            }

            var end = begin + (((2 * (last - begin)) + parts - 1) / parts);
            var found = Interlocked.CompareExchange(ref *share, launchNumber | end, seen);
            if (found == seen)
            {
                launch->Kernel(launch->Buffers, launch->Parameters, begin * grain, Math.Min(units, end * grain), _scratch[thread], launch->Status);
                found = Volatile.Read(ref *share);
            }

            seen = found;
        }
    }

    private void Work(int thread, int processor)
    {
        // Which processors there are was looked at before; should one have gone since, the thread works elsewhere.
        _ = processor >= 0 && ThreadAffinity.Pin(processor);
        long seen = 0;
        var epoch = &_launch->Epoch;
        var attendance = _attendance;
        while (true)
        {
            var spins = 0;
            while (Volatile.Read(ref *epoch) == seen)
            {
                if (++spins > SpinsBeforePark)
                {
                    Park(seen);
                    spins = 0;
                }

                Thread.SpinWait(1);
            }

            seen = Volatile.Read(ref *epoch);

            // Enter first, then look whether the launch is still open: the caller closes it before it counts who is in.
            Interlocked.Increment(ref attendance->Active);
            if (Volatile.Read(ref attendance->IsOpen) != 0)
            {
                // A system may wake a worker on the caller's processor, or move the caller there, and take ten milliseconds and more to part them.
                _ = _evades && ThreadAffinity.Current == attendance->Processor && ThreadAffinity.Leave(attendance->Processor);
                Claim(thread);
            }

            Interlocked.Decrement(ref attendance->Active);
        }
    }

    private void Park(long seen)
    {
        Interlocked.Increment(ref _parked);
        if (Volatile.Read(ref _launch->Epoch) != seen && TryUnpark())
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

    /// <summary>The launch in progress: one line. A worker that has left it waits for the next, and no one else takes units then.</summary>
    private struct Launch
    {
        public long Epoch, Units, Grain;
        public delegate* unmanaged<byte**, long*, long, long, byte*, long*, void> Kernel;
        public byte** Buffers;
        public long* Parameters, Status;
    }

    /// <summary>Who is in.</summary>
    private struct Attendance
    {
        public int Active, IsOpen, Processor;
    }

    private sealed class ManagedWork(Action<long, long> body)
    {
        public Action<long, long> Body { get; } = body;

        public ExceptionDispatchInfo? Failure { get; set; }
    }
}
