using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Unified.Graphs;
using Unified.Native.Os;

namespace Unified.Tests;

public unsafe class WorkPoolTests
{
    private const int Scratch = 256;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Every_unit_runs_once(int threads)
    {
        var pool = new WorkPool(threads);
        pool.ReserveScratch(Scratch);
        foreach (var units in (long[])[1, 2, 3, 7, 63, 64, 65, 1000, 4097])
        {
            foreach (var grain in (long[])[1, 2, 5, 64, 1000, 5000])
            {
                var counts = new int[units];
                Assert.Equal(0, Run(pool, &Count, counts, grain, units, grain));
                Assert.All(counts, c => Assert.Equal(1, c));
            }
        }
    }

    [Fact]
    public void Results_do_not_depend_on_the_number_of_threads()
    {
        var one = new int[10_000];
        var two = new int[10_000];
        Run(new WorkPool(1), &Mix, one, 0, one.Length, 16);
        Run(new WorkPool(2), &Mix, two, 0, two.Length, 16);
        Assert.Equal(one, two);
        Assert.True(one.Distinct().Count() > 9_000);
    }

    [Fact]
    public void Many_tiny_launches_neither_hang_nor_leave_workers_awake()
    {
        var pool = new WorkPool(3);
        var counts = new int[4];
        var done = false;
        var thread = new Thread(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                Run(pool, &Add, counts, 0, 4, 1);
            }

            Volatile.Write(ref done, true);
        });
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromMinutes(2)), "the launches hang");
        Assert.True(done);
        Assert.All(counts, c => Assert.Equal(100_000, c));
        Assert.True(SpinWait.SpinUntil(() => pool.Parked == 2, TimeSpan.FromSeconds(30)), "the workers do not come to rest");
    }

    [Fact]
    public void A_parked_worker_wakes()
    {
        var pool = new WorkPool(2);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(SpinWait.SpinUntil(() => pool.Parked == 1, TimeSpan.FromSeconds(30)), "the worker does not park");
            var present = new int[1];

            // The first chunk waits for a second thread to take one.
            Assert.Equal(0, Run(pool, &Meet, present, 0, 8, 1));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_thread_begins_each_launch_with_its_own_share(int threads)
    {
        var pool = new WorkPool(threads);
        foreach (var units in (int[])[60, 600, 60])
        {
            var first = new ConcurrentDictionary<string, long>();
            Assert.True(pool.TryRun(
                (begin, end) =>
                {
                    // Nobody takes a second chunk before all have taken one.
                    _ = first.TryAdd(Thread.CurrentThread.Name ?? "caller", begin);
                    Assert.True(SpinWait.SpinUntil(() => first.Count == threads, TimeSpan.FromSeconds(30)), "a worker does not come");
                },
                units, 2));
            Assert.Equal(0, first.Single(f => !f.Key.StartsWith("Unified worker", StringComparison.Ordinal)).Value);
            for (var worker = 1; worker < threads; worker++)
            {
                Assert.Equal(units / threads * worker, first[$"Unified worker {worker}"]);
            }
        }
    }

    [Fact]
    public void Launches_from_several_threads_take_turns()
    {
        var pool = new WorkPool(2);
        var counts = new int[64];
        Parallel.For(0, 200, _ => Run(pool, &Add, counts, 0, 64, 1));
        Assert.All(counts, c => Assert.Equal(200, c));
    }

    [Fact]
    public void Managed_work_runs_every_unit_once_and_throws_where_it_was_asked_for()
    {
        var pool = new WorkPool(3);
        for (var round = 0; round < 200; round++)
        {
            var counts = new int[1000];
            Assert.True(pool.TryRun((begin, end) => Add(counts, begin, end), counts.Length, 7));
            Assert.All(counts, c => Assert.Equal(1, c));
            var e = Assert.Throws<ArithmeticException>(() => pool.TryRun((_, end) => throw new ArithmeticException($"{end}"), 100, 1));
            Assert.InRange(int.Parse(e.Message, System.Globalization.CultureInfo.InvariantCulture), 1, 100);
        }

        static void Add(int[] counts, long begin, long end)
        {
            for (var i = begin; i < end; i++)
            {
                Interlocked.Increment(ref counts[i]);
            }
        }
    }

    [Fact]
    public void Managed_work_is_not_shared_within_shared_work_nor_beside_it()
    {
        var pool = new WorkPool(2);
        var inner = 0;
        Assert.True(pool.TryRun((_, _) => inner += pool.TryRun((_, _) => { }, 100, 1) ? 1 : 0, 100, 1));
        Assert.Equal(0, inner);

        using var started = new ManualResetEventSlim();
        using var asked = new ManualResetEventSlim();
        var token = TestContext.Current.CancellationToken;
        var isShared = false;
        var busy = new Thread(() => isShared = pool.TryRun(
            (_, _) =>
            {
                started.Set();
                asked.Wait(token);
            },
            2, 1));
        busy.Start();
        started.Wait(token);
        Assert.False(pool.TryRun((_, _) => { }, 100, 1));
        asked.Set();
        Assert.True(busy.Join(TimeSpan.FromMinutes(1)));
        Assert.True(isShared);
        Assert.False(new WorkPool(1).TryRun((_, _) => { }, 100, 1));
        Assert.False(pool.TryRun((_, _) => { }, 5, 5));
    }

    [Fact]
    public void A_worker_stays_on_its_processor()
    {
        Assert.SkipUnless(ThreadAffinity.IsSupported && ThreadAffinity.Allowed.Length > 1, "it takes two processors of a Linux");
        var allowed = ThreadAffinity.Allowed;
        ImmutableArray<int> processors = [allowed[0], allowed[^1]];
        var pool = new WorkPool(new WorkPoolSettings(2, processors));
        var found = new ConcurrentDictionary<string, ImmutableArray<int>>();
        Assert.True(pool.TryRun(
            (begin, end) =>
            {
                found[Thread.CurrentThread.Name ?? ""] = ThreadAffinity.Allowed;
                for (var i = begin; i < end && found.Count < 2; i++)
                {
                    Thread.Sleep(1);
                }
            },
            10_000, 1));
        Assert.Equal([processors[1]], found["Unified worker 1"]);
        Assert.Equal(allowed, ThreadAffinity.Allowed);
    }

    [Fact]
    public void A_thread_leaves_a_processor_and_may_return()
    {
        Assert.SkipUnless(ThreadAffinity.IsSupported && ThreadAffinity.Allowed.Length > 1, "it takes two processors of a Linux");
        OnAThread(() =>
        {
            var allowed = ThreadAffinity.Allowed;
            foreach (var processor in allowed)
            {
                Assert.True(ThreadAffinity.Pin(processor));
                Assert.Equal(processor, ThreadAffinity.Current);
                Assert.False(ThreadAffinity.Leave(processor));
                Assert.False(ThreadAffinity.Leave(allowed.First(p => p != processor)));
                Assert.Equal([processor], ThreadAffinity.Allowed);
            }
        });
        OnAThread(() =>
        {
            var allowed = ThreadAffinity.Allowed;
            var left = ThreadAffinity.Current;
            Assert.True(ThreadAffinity.Leave(left));
            Assert.Equal(allowed, ThreadAffinity.Allowed);
        });
    }

    [Fact]
    public void A_worker_leaves_the_callers_processor()
    {
        Assert.SkipUnless(ThreadAffinity.IsSupported && ThreadAffinity.Allowed.Length > 1, "it takes two processors of a Linux");
        var pool = new WorkPool(2);
        OnAThread(() =>
        {
            for (var round = 0; round < 5; round++)
            {
                // The caller moves to where the worker runs, and the worker does not park meanwhile.
                var met = Meeting(pool);
                Assert.True(ThreadAffinity.Pin(met));
                Assert.NotEqual(met, Meeting(pool));
            }
        });

        // Where the worker ran when both had a part of one launch.
        static int Meeting(WorkPool pool)
        {
            using var both = new CountdownEvent(2);
            var caller = Environment.CurrentManagedThreadId;
            var processor = -1;
            Assert.True(pool.TryRun(
                (begin, end) =>
                {
                    if (Environment.CurrentManagedThreadId != caller)
                    {
                        processor = ThreadAffinity.Current;
                    }

                    if (begin < 2 && !both.IsSet)
                    {
                        both.Signal();
                        both.Wait(TimeSpan.FromSeconds(30));
                    }
                },
                2, 1));
            return processor;
        }
    }

    [Theory]
    [InlineData(null, null, 0)]
    [InlineData("", "", 0)]
    [InlineData("1", null, 1)]
    [InlineData("1024", null, 1024)]
    [InlineData(null, "0-3,8", 5, 0, 1, 2, 3, 8)]
    [InlineData("2", "8,0-3", 2, 8, 0)]
    public void Settings_are_read(string? threads, string? affinity, int count, params int[] processors)
    {
        var settings = WorkPoolSettings.Parse(threads, affinity, [0, 1, 2, 3, 8]);
        Assert.Equal(count == 0 ? Environment.ProcessorCount : count, settings.Threads);
        Assert.Equal(processors, settings.Processors);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1025")]
    [InlineData("two")]
    [InlineData("99999999999")]
    public void Bad_thread_count_is_refused(string text)
    {
        var e = Assert.Throws<InvalidOperationException>(() => WorkPoolSettings.Parse(text, null, null));
        Assert.Equal($"UNIFIED_THREADS is '{text}'; it must be a number from 1 to 1024", e.Message);
    }

    [Theory]
    [InlineData(null, "all", "as in 0-3,8")]
    [InlineData(null, "1-", "as in 0-3,8")]
    [InlineData(null, "3-1", "as in 0-3,8")]
    [InlineData(null, "0--1", "as in 0-3,8")]
    [InlineData(null, "0,4", "may not use processor 4, only 0,1,2")]
    [InlineData(null, "0-2,1", "processor 1 stands there twice")]
    [InlineData("3", "0-1", "2 processors for 3 threads; name as many, or set UNIFIED_THREADS=2")]
    public void Bad_processors_are_refused(string? threads, string affinity, string message)
    {
        var e = Assert.Throws<InvalidOperationException>(() => WorkPoolSettings.Parse(threads, affinity, [0, 1, 2]));
        Assert.StartsWith($"UNIFIED_AFFINITY is '{affinity}'", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_threads_cannot_be_kept_the_setting_is_refused() =>
        Assert.Contains("leave it out", Assert.Throws<InvalidOperationException>(() => WorkPoolSettings.Parse(null, "0", null)).Message, StringComparison.Ordinal);

    // What it does to its affinity ends with it.
    private static void OnAThread(Action body)
    {
        var failure = default(Exception);
        var thread = new Thread(() => failure = Record.Exception(body));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    private static long Run(
        WorkPool pool, delegate* unmanaged<byte**, long*, long, long, byte*, long*, void> kernel, int[] data, long parameter, long units, long grain)
    {
        long status = 0;
        fixed (int* start = data)
        {
            var buffers = stackalloc byte*[] { (byte*)start };
            pool.Run(kernel, buffers, &parameter, units, grain, &status);
        }

        return status;
    }

    // Counts each unit, says so when a chunk does not start at a multiple of the grain, and uses its scratch memory.
    [UnmanagedCallersOnly]
    private static void Count(byte** buffers, long* parameters, long begin, long end, byte* scratch, long* status)
    {
        if (begin % *parameters != 0 || begin >= end)
        {
            *status = 1;
        }

        var mark = (byte)Environment.CurrentManagedThreadId;
        new Span<byte>(scratch, Scratch).Fill(mark);
        for (var i = begin; i < end; i++)
        {
            Interlocked.Increment(ref ((int*)buffers[0])[i]);
        }

        if (new Span<byte>(scratch, Scratch).ContainsAnyExcept(mark))
        {
            *status = 2;
        }
    }

    [UnmanagedCallersOnly]
    private static void Mix(byte** buffers, long* parameters, long begin, long end, byte* scratch, long* status)
    {
        for (var i = begin; i < end; i++)
        {
            ((int*)buffers[0])[i] = unchecked((int)(i * 2654435761));
        }
    }

    [UnmanagedCallersOnly]
    private static void Add(byte** buffers, long* parameters, long begin, long end, byte* scratch, long* status)
    {
        for (var i = begin; i < end; i++)
        {
            ((int*)buffers[0])[i]++;
        }
    }

    [UnmanagedCallersOnly]
    private static void Meet(byte** buffers, long* parameters, long begin, long end, byte* scratch, long* status)
    {
        var present = (int*)buffers[0];
        var deadline = Environment.TickCount64 + 30_000;
        Interlocked.Increment(ref *present);
        while (Volatile.Read(ref *present) < 2)
        {
            if (Environment.TickCount64 > deadline)
            {
                *status = 1;
                return;
            }
        }
    }
}
