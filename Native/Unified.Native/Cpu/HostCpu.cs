using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Unified.Native;

/// <summary>Tells what the machine that this runs on can do, without libLLVM.</summary>
/// <remarks>
/// The processor's own bits (CPUID), as far as the operating system keeps the registers they need; for that .NET's
/// <c>IsSupported</c> stands, so that <c>DOTNET_EnableAVX512=0</c> and its like (<c>AVX2</c>, <c>AVX</c>, <c>SSE42</c>) also narrow what graphs are compiled for. In a native executable
/// it says what that was compiled for, and the processor is asked.
/// </remarks>
public static class HostCpu
{
    private enum Register
    {
        Eax,
        Ebx,
        Ecx,
        Edx,
    }

    private enum Needs
    {
        Nothing,
        Sse42,
        Avx,
        Avx2,
        Avx512,
    }

    /// <summary>Where each feature's bit is: Intel's Software Developer's Manual, volume 2, CPUID; AMD's, volume 3, appendix E.</summary>
    private static readonly (string Feature, uint Leaf, uint SubLeaf, Register Register, int Bit, Needs Needs)[] s_bits =
    [
        ("cx8", 1, 0, Register.Edx, 8, Needs.Nothing),
        ("mmx", 1, 0, Register.Edx, 23, Needs.Nothing),
        ("fxsr", 1, 0, Register.Edx, 24, Needs.Nothing),
        ("sse", 1, 0, Register.Edx, 25, Needs.Nothing),
        ("sse2", 1, 0, Register.Edx, 26, Needs.Nothing),
        ("sse3", 1, 0, Register.Ecx, 0, Needs.Sse42),
        ("pclmul", 1, 0, Register.Ecx, 1, Needs.Sse42),
        ("ssse3", 1, 0, Register.Ecx, 9, Needs.Sse42),
        ("fma", 1, 0, Register.Ecx, 12, Needs.Avx2),
        ("cx16", 1, 0, Register.Ecx, 13, Needs.Nothing),
        ("sse4.1", 1, 0, Register.Ecx, 19, Needs.Sse42),
        ("sse4.2", 1, 0, Register.Ecx, 20, Needs.Sse42),
        ("movbe", 1, 0, Register.Ecx, 22, Needs.Avx2),
        ("popcnt", 1, 0, Register.Ecx, 23, Needs.Sse42),
        ("aes", 1, 0, Register.Ecx, 25, Needs.Sse42),
        ("xsave", 1, 0, Register.Ecx, 27, Needs.Nothing),
        ("avx", 1, 0, Register.Ecx, 28, Needs.Avx),
        ("f16c", 1, 0, Register.Ecx, 29, Needs.Avx2),
        ("bmi", 7, 0, Register.Ebx, 3, Needs.Avx2),
        ("avx2", 7, 0, Register.Ebx, 5, Needs.Avx2),
        ("bmi2", 7, 0, Register.Ebx, 8, Needs.Avx2),
        ("avx512f", 7, 0, Register.Ebx, 16, Needs.Avx512),
        ("avx512dq", 7, 0, Register.Ebx, 17, Needs.Avx512),
        ("avx512ifma", 7, 0, Register.Ebx, 21, Needs.Avx512),
        ("avx512cd", 7, 0, Register.Ebx, 28, Needs.Avx512),
        ("avx512bw", 7, 0, Register.Ebx, 30, Needs.Avx512),
        ("avx512vl", 7, 0, Register.Ebx, 31, Needs.Avx512),
        ("avx512vbmi", 7, 0, Register.Ecx, 1, Needs.Avx512),
        ("avx512vbmi2", 7, 0, Register.Ecx, 6, Needs.Avx512),
        ("gfni", 7, 0, Register.Ecx, 8, Needs.Sse42),
        ("vaes", 7, 0, Register.Ecx, 9, Needs.Avx),
        ("vpclmulqdq", 7, 0, Register.Ecx, 10, Needs.Avx),
        ("avx512vnni", 7, 0, Register.Ecx, 11, Needs.Avx512),
        ("avx512bitalg", 7, 0, Register.Ecx, 12, Needs.Avx512),
        ("avx512vpopcntdq", 7, 0, Register.Ecx, 14, Needs.Avx512),
        ("avx512fp16", 7, 0, Register.Edx, 23, Needs.Avx512),
        ("avxvnni", 7, 1, Register.Eax, 4, Needs.Avx),
        ("avx512bf16", 7, 1, Register.Eax, 5, Needs.Avx512),
        ("avxifma", 7, 1, Register.Eax, 23, Needs.Avx),
        ("avxvnniint8", 7, 1, Register.Edx, 4, Needs.Avx),
        ("avxvnniint16", 7, 1, Register.Edx, 10, Needs.Avx),
        ("sahf", 0x8000_0001, 0, Register.Ecx, 0, Needs.Nothing),
        ("lzcnt", 0x8000_0001, 0, Register.Ecx, 5, Needs.Avx2),
        ("prfchw", 0x8000_0001, 0, Register.Ecx, 8, Needs.Nothing),
    ];

    /// <summary>The host: the highest microarchitecture level that it has all of, and what it has beyond that.</summary>
    public static TargetCpu Target { get; } = Detect();

    private static TargetCpu Detect()
    {
        if (!X86Base.IsSupported)
        {
            return new TargetCpu("generic", RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ["neon"] : []);
        }

        HashSet<string> features = [.. s_bits.Where(IsSet).Select(row => row.Feature)];
        string name = new[] { "x86-64-v4", "x86-64-v3", "x86-64-v2" }
            .FirstOrDefault(level => features.IsSupersetOf(new TargetCpu(level, []).Features)) ?? "x86-64";
        return new TargetCpu(name, features);
    }

    private static bool IsSet((string Feature, uint Leaf, uint SubLeaf, Register Register, int Bit, Needs Needs) row)
    {
        bool kept = row.Needs switch
        {
            Needs.Sse42 => !RuntimeFeature.IsDynamicCodeSupported || Sse42.IsSupported,
            Needs.Avx => RuntimeFeature.IsDynamicCodeSupported ? Avx.IsSupported : ExtendedState.KeepsAvx,
            Needs.Avx2 => RuntimeFeature.IsDynamicCodeSupported ? Avx2.IsSupported : ExtendedState.KeepsAvx,
            Needs.Avx512 => RuntimeFeature.IsDynamicCodeSupported ? Avx512F.IsSupported : ExtendedState.KeepsAvx512,
            _ => true,
        };
        if (!kept || row.Leaf > Highest(row.Leaf & 0x8000_0000, 0) || (row.SubLeaf > 0 && row.SubLeaf > Highest(row.Leaf, 0)))
        {
            return false;
        }

        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(unchecked((int)row.Leaf), (int)row.SubLeaf);
        int word = row.Register switch
        {
            Register.Eax => eax,
            Register.Ebx => ebx,
            Register.Ecx => ecx,
            _ => edx,
        };
        return (word >> row.Bit & 1) != 0;
    }

    /// <summary>The highest leaf of a range, or the highest sub-leaf of a leaf: both stand in EAX.</summary>
    private static uint Highest(uint leaf, int subLeaf) => unchecked((uint)X86Base.CpuId((int)leaf, subLeaf).Eax);
}
