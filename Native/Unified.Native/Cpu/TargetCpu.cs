using System.Collections.Immutable;

namespace Unified.Native;

/// <summary>The machine that code is compiled for: a name that LLVM knows, and features by LLVM's names.</summary>
/// <remarks>
/// The features include those that the name implies, so that <see cref="Has"/> answers for both. The text form,
/// "x86-64-v4+avx512bf16+avx512vnni", lists only those beyond the name: it is the same for equal machines, and serves as cache key.
/// </remarks>
public sealed class TargetCpu : IEquatable<TargetCpu>
{
    private static readonly ImmutableSortedSet<string> s_v1 = Set("cx8 fxsr mmx sse sse2");
    private static readonly ImmutableSortedSet<string> s_v2 = s_v1.Union(Set("cx16 popcnt sahf sse3 sse4.1 sse4.2 ssse3"));
    private static readonly ImmutableSortedSet<string> s_v3 = s_v2.Union(Set("avx avx2 bmi bmi2 f16c fma lzcnt movbe xsave"));
    private static readonly ImmutableSortedSet<string> s_v4 = s_v3.Union(Set("avx512f avx512bw avx512cd avx512dq avx512vl"));

    private readonly string _text;

    /// <summary>A machine of that name with the features it implies and those given.</summary>
    public TargetCpu(string name, IEnumerable<string> features)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ImmutableSortedSet<string> implied = Implied(name);
        Name = name;
        Features = implied.Union(features);
        foreach (string part in Features.Add(name))
        {
            if (part.Length == 0 || part.AsSpan().IndexOfAny('+', ',', ' ') >= 0)
            {
                throw new FormatException($"'{part}' is not the name of a CPU or of a feature");
            }
        }

        _text = string.Join('+', Features.Except(implied).Prepend(name));
    }

    /// <summary>Any x86-64.</summary>
    public static TargetCpu X64 { get; } = new("x86-64", []);

    /// <summary>x86-64 with AVX2, FMA, F16C, BMI.</summary>
    public static TargetCpu X64V3 { get; } = new("x86-64-v3", []);

    /// <summary>x86-64 with AVX-512 F, BW, CD, DQ, VL.</summary>
    public static TargetCpu X64V4 { get; } = new("x86-64-v4", []);

    /// <summary><see cref="X64V4"/> with dot products of bfloat16 and of bytes (AVX-512 BF16 and VNNI).</summary>
    public static TargetCpu X64V4Dot { get; } = new("x86-64-v4", ["avx512bf16", "avx512vnni"]);

    /// <summary>The CPU's name for LLVM: a microarchitecture level such as "x86-64-v4", or a GPU such as "sm_90".</summary>
    public string Name { get; }

    /// <summary>All features, sorted, those that the name implies included.</summary>
    public ImmutableSortedSet<string> Features { get; }

    /// <summary>The features for LLVM: "+avx,+avx2,…".</summary>
    public string LlvmFeatures => string.Join(',', Features.Select(feature => "+" + feature));

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">An empty or impossible name.</exception>
    public static TargetCpu Parse(string text)
    {
        string[] parts = text.Split('+');
        return parts[0].Length > 0
            ? new TargetCpu(parts[0], parts.Skip(1))
            : throw new FormatException($"'{text}' does not begin with the name of a CPU");
    }

    /// <summary>Whether the machine has the feature of that LLVM name, such as "avx512f".</summary>
    public bool Has(string feature) => Features.Contains(feature);

    /// <summary>Whether the machine has all that <paramref name="other"/> has, so that code for the other runs on it.</summary>
    public bool CanRun(TargetCpu other) => Features.IsSupersetOf(other.Features) && IsX64(Name) == IsX64(other.Name);

    public bool Equals(TargetCpu? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as TargetCpu);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    public override string ToString() => _text;

    private static bool IsX64(string name) => name.StartsWith("x86-64", StringComparison.Ordinal);

    private static ImmutableSortedSet<string> Implied(string name) => name switch
    {
        "x86-64" => s_v1,
        "x86-64-v2" => s_v2,
        "x86-64-v3" => s_v3,
        "x86-64-v4" => s_v4,
        _ => Set(string.Empty),
    };

    private static ImmutableSortedSet<string> Set(string names) =>
        ImmutableSortedSet.Create<string>(StringComparer.Ordinal, names.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
