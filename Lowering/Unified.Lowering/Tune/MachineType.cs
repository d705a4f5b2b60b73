using System.Security.Cryptography;
using System.Text;
using Unified.Native;

namespace Unified.Lowering.Tune;

/// <summary>The kind of machine that a table of tuned numbers is for. Machines of one kind give the same bits.</summary>
/// <param name="Processor">Its name.</param>
/// <param name="Features">What code for it may use: the text of a <see cref="TargetCpu"/>.</param>
/// <param name="Caches">With their sizes.</param>
/// <param name="Threads">That graphs run on. Numbers that change rounding hold for every number of threads, the others for this one.</param>
public sealed record MachineType(string Processor, string Features, string Caches, int Threads)
{
    /// <summary>This machine.</summary>
    public static MachineType Host(int threads) => new(HostProcessor.Name, HostCpu.Target.ToString(), HostProcessor.Caches, threads);

    /// <summary>A short name for files: equal for machines that differ in their threads alone.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Processor}\n{Features}\n{Caches}")))[..12];

    /// <summary>All is the same, but perhaps the number of threads.</summary>
    public bool IsLike(MachineType other) => this with { Threads = other.Threads } == other;

    public override string ToString() => $"{Processor}, {Features}, {(Caches.Length == 0 ? "" : Caches + ", ")}{Threads} threads";
}
