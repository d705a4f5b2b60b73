using System.Collections.Frozen;

namespace Unified.Native;

/// <summary>Turns an intrinsic's name into a declaration, after the checks without which LLVM would crash or end the process.</summary>
internal static unsafe class LlvmIntrinsics
{
    private const string X86Prefix = "llvm.x86.";

    /// <summary>How many types the name stands for. LLVM's C interface cannot tell, and reads past the given ones if there are too few.</summary>
    private static readonly FrozenDictionary<string, int> s_overloads = Rows(
        (1, "fma fmuladd sqrt fabs floor ceil trunc rint nearbyint round roundeven copysign minnum maxnum minimum maximum canonicalize"),
        (1, "exp exp2 exp10 log log2 log10 sin cos tan pow arithmetic.fence is.fpclass"),
        (2, "powi ldexp frexp fptosi.sat fptoui.sat lrint llrint lround llround"),
        (1, "smax smin umax umin abs ctpop ctlz cttz bswap bitreverse fshl fshr expect ssa.copy"),
        (1, "sadd.sat uadd.sat ssub.sat usub.sat sshl.sat ushl.sat smul.fix umul.fix"),
        (1, "sadd.with.overflow uadd.with.overflow ssub.with.overflow usub.with.overflow smul.with.overflow umul.with.overflow"),
        (2, "scmp ucmp"),
        (1, "vector.reduce.fadd vector.reduce.fmul vector.reduce.fmax vector.reduce.fmin vector.reduce.fmaximum vector.reduce.fminimum"),
        (1, "vector.reduce.add vector.reduce.mul vector.reduce.and vector.reduce.or vector.reduce.xor"),
        (1, "vector.reduce.smax vector.reduce.smin vector.reduce.umax vector.reduce.umin"),
        (1, "vector.reverse vector.splice vector.interleave2 vector.deinterleave2 experimental.stepvector masked.expandload masked.compressstore"),
        (2, "vector.insert vector.extract masked.load masked.store masked.gather masked.scatter get.active.lane.mask"),
        (1, "prefetch lifetime.start lifetime.end invariant.start threadlocal.address"),
        (2, "memset ptrmask"),
        (3, "memcpy memmove memcpy.inline"));

    /// <summary>
    /// Which features the instructions behind an x86 intrinsic need, by the longest prefix that fits. Selecting one for a machine
    /// without them ends the process, so a name without a row is refused.
    /// </summary>
    private static readonly (string Prefix, string[] Features)[] s_needs =
    [
        ("sse.", []),
        ("sse2.", []),
        ("sse3.", ["sse3"]),
        ("ssse3.", ["ssse3"]),
        ("sse41.", ["sse4.1"]),
        ("sse42.", ["sse4.2"]),
        ("avx.", ["avx"]),
        ("avx2.", ["avx2"]),
        ("vcvtps2ph.", ["f16c"]),
        ("bmi.bextr.", ["bmi"]),
        ("bmi.bzhi.", ["bmi2"]),
        ("bmi.pdep.", ["bmi2"]),
        ("bmi.pext.", ["bmi2"]),
        ("avx512.", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
        ("avx512.vpdp", ["avx512f", "avx512vl", "avx512vnni"]),
        ("avx512.vpmadd52", ["avx512f", "avx512vl", "avx512ifma"]),
        ("avx512.permvar.qi.", ["avx512f", "avx512vl", "avx512vbmi"]),
        ("avx512.vpermi2var.qi.", ["avx512f", "avx512vl", "avx512vbmi"]),
        ("avx512.pmultishift.", ["avx512f", "avx512vl", "avx512vbmi"]),
        ("avx512.vpshufbitqmb.", ["avx512f", "avx512vl", "avx512bitalg"]),
        ("avx512bf16.", ["avx512f", "avx512bw", "avx512vl", "avx512bf16"]),
        ("avx512fp16.", ["avx512f", "avx512bw", "avx512vl", "avx512fp16"]),
    ];

    /// <exception cref="LlvmException">Unknown name, wrong number of overload types, or a feature that the target lacks.</exception>
    internal static LlvmFunction Declare(LlvmModule module, TargetCpu? target, string name, ReadOnlySpan<LlvmType> overloads)
    {
        uint id = LlvmApi.LLVMLookupIntrinsicID(name, LlvmText.Length(name));
        if (id == 0)
        {
            throw new LlvmException($"LLVM has no intrinsic '{name}'");
        }

        RequireFeatures(target, name);
        RequireOverloads(id, name, overloads.Length);
        fixed (LlvmType* first = overloads)
        {
            return new LlvmFunction(LlvmApi.LLVMGetIntrinsicDeclaration(module, id, first, (nuint)overloads.Length).Pointer);
        }
    }

    private static void RequireFeatures(TargetCpu? target, string name)
    {
        if (!name.StartsWith(X86Prefix, StringComparison.Ordinal))
        {
            return;
        }

        if (target is null)
        {
            throw new LlvmException($"the x86 intrinsic '{name}' needs a target to be checked against");
        }

        string rest = name[X86Prefix.Length..];
        string[] features = s_needs.OrderByDescending(row => row.Prefix.Length).FirstOrDefault(row => rest.StartsWith(row.Prefix, StringComparison.Ordinal)).Features
            ?? throw new LlvmException($"it is not known which features the intrinsic '{name}' needs");
        foreach (string feature in features)
        {
            if (!target.Has(feature))
            {
                throw new LlvmException($"the intrinsic '{name}' needs '{feature}', which the target {target} lacks");
            }
        }
    }

    private static void RequireOverloads(uint id, string name, int given)
    {
        int wanted = 0;
        if (LlvmApi.LLVMIntrinsicIsOverloaded(id) != 0 && !s_overloads.TryGetValue(name, out wanted))
        {
            throw new LlvmException($"it is not known how many overload types the intrinsic '{name}' takes");
        }

        if (given != wanted)
        {
            throw new LlvmException($"the intrinsic '{name}' takes {wanted} overload types, not {given}");
        }
    }

    private static FrozenDictionary<string, int> Rows(params ReadOnlySpan<(int Count, string Names)> rows)
    {
        Dictionary<string, int> counts = [];
        foreach ((int count, string names) in rows)
        {
            foreach (string name in names.Split(' '))
            {
                counts.Add("llvm." + name, count);
            }
        }

        return counts.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
