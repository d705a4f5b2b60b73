using System.Collections.Immutable;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.Text;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Targets;

/// <summary>A machine, or something else, that kernels are turned into code for.</summary>
/// <param name="Name">As a project file says it.</param>
/// <param name="Machine">As the runtime compares it with the machine it is on.</param>
public sealed record CodeTarget(string Name, TargetCpu Machine, IKernelEmitter Emitter)
{
    private static readonly ImmutableArray<(string Name, string Says, Func<CodeTarget> Make)> Rows =
    [
        ("x64-v1", "any x86-64", () => X64("x64-v1", TargetCpu.X64)),
        ("x64-v3", "x86-64 with AVX2, FMA and F16C", () => X64("x64-v3", TargetCpu.X64V3)),
        ("x64-v4", "x86-64 with AVX-512 F, BW, CD, DQ and VL", () => X64("x64-v4", TargetCpu.X64V4)),
        ("x64-v4-dot", "x64-v4 with AVX-512 BF16 and VNNI", () => X64("x64-v4-dot", TargetCpu.X64V4Dot)),
        ("host", "the machine that builds, and those like it", () => X64("host", HostCpu.Target)),
        ("ir", "the kernels as text, for people", () => new CodeTarget("ir", new TargetCpu("ir", []), new IrEmitter())),
    ];

    /// <summary>The names, each with what it is.</summary>
    public static IEnumerable<(string Name, string Says)> Known => Rows.Select(r => (r.Name, r.Says));

    /// <summary>The target of that name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    /// <exception cref="NotSupportedException">No code can be made for it: the building machine, if it is no x86-64.</exception>
    public static CodeTarget Of(string name) =>
        Rows.FirstOrDefault(r => r.Name == name).Make?.Invoke()
        ?? throw new ArgumentException($"'{name}' is no target; there are {string.Join(", ", Rows.Select(r => r.Name))}", nameof(name));

    private static CodeTarget X64(string name, TargetCpu cpu) => new(name, cpu, new X64Emitter(cpu));
}
