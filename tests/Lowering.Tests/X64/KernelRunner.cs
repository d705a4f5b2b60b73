using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

/// <summary>Compiles kernels, loads them as the runtime does, and calls them.</summary>
internal static unsafe class KernelRunner
{
    private static readonly ConcurrentDictionary<(string Kernel, string Target), nint> s_entries = new();
    private static int s_count;

    /// <summary>The targets that this machine can run, by name.</summary>
    public static TheoryData<string> Targets { get; } = new(
        new[] { TargetCpu.X64, TargetCpu.X64V3, TargetCpu.X64V4, HostCpu.Target }.Where(HostCpu.Target.CanRun).Select(t => t.ToString()).Distinct());

    public static nint Compile(LoopKernel kernel, string? target = null) => s_entries.GetOrAdd((LoopText.Print(kernel), target ?? HostCpu.Target.ToString()), key =>
    {
        var name = $"kernel{Interlocked.Increment(ref s_count)}";
        var bytes = new X64Emitter(TargetCpu.Parse(key.Target)).Emit(kernel, name);
        return KernelLoader.Load([new KernelCode(name, name, [.. bytes])])[0];
    });

    /// <summary>Runs units 0 … units-1 in pieces of <paramref name="grain"/>; gives the status word.</summary>
    public static long Run(LoopKernel kernel, Block[] buffers, long[] parameters, long units, long grain = long.MaxValue, long scratch = 0, string? target = null)
    {
        Assert.Equal(kernel.Buffers.Length, buffers.Length);
        Assert.Equal(kernel.ParameterCount, parameters.Length);
        var entry = (delegate* unmanaged<byte**, long*, long, long, byte*, long*, void>)Compile(kernel, target);
        var pointers = stackalloc byte*[buffers.Length];
        for (var i = 0; i < buffers.Length; i++)
        {
            Assert.Equal(kernel.Buffers[i].Type, buffers[i].Type);
            pointers[i] = buffers[i].Data;
        }

        long status = 0;
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)scratch + 64, 64);
        new Span<byte>(memory + scratch, 64).Fill(0x5A);
        fixed (long* first = parameters)
        {
            for (long at = 0; at < units; at += grain)
            {
                var end = units - at < grain ? units : at + grain;
                entry(pointers, first, at, end, memory, &status);
                if (end == units)
                {
                    break;
                }
            }
        }

        Assert.False(new ReadOnlySpan<byte>(memory + scratch, 64).ContainsAnyExcept((byte)0x5A), "the kernel wrote past the end of its scratch");
        NativeMemory.AlignedFree(memory);
        foreach (var buffer in buffers)
        {
            buffer.CheckGuard();
        }

        return status;
    }
}
