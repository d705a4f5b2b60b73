using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>What the cases of one op gave.</summary>
/// <param name="Errors">The largest |error| / (1 + |reference|) by dtype, of both modes.</param>
/// <param name="Refused">(dtype, mode) pairs that the house says it cannot run.</param>
internal sealed record Outcome(
    Op Op, int Passed, int Unreferenced, ImmutableArray<string> Failures, ImmutableDictionary<DType, double> Errors, ImmutableHashSet<string> Refused);

/// <summary>Runs the cases of an op in both modes against the reference.</summary>
internal static class Conformance
{
    /// <summary>All cases in both modes, not the selection that every build runs.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("UNIFIED_CONFORMANCE") is "full" or "extremes";

    /// <summary>Graphs alone, because eager kernels have nothing to tune.</summary>
    private static bool IsTuned { get; } = Environment.GetEnvironmentVariable("UNIFIED_CONFORMANCE") == "extremes";

    /// <summary>One graph of each op that others are made of, for a machine that all other cases do not run on.</summary>
    public static bool IsOfGraphsAlone { get; } = Environment.GetEnvironmentVariable("UNIFIED_CONFORMANCE") == "graphs";

    public static Outcome Run(Op op)
    {
        var (passed, unreferenced) = (0, 0);
        var failures = ImmutableArray.CreateBuilder<string>();
        var errors = ImmutableDictionary.CreateBuilder<DType, double>();
        var refused = ImmutableHashSet.CreateBuilder<string>();
        foreach (var call in IsOfGraphsAlone && op.Definition is not null ? [] : Case.Of(op, IsLong))
        {
            var drawn = call.Draw();
            ImmutableArray<double[]> values = [.. drawn.Select((v, i) => Rounded(call.Sample.Operands[i].DType, v))];
            if (Disagreements.Of(call) is not null)
            {
                unreferenced++;
                continue;
            }

            var expected = DoubleReference.Run(call, values) ?? OnnxReference.Run(call, values);
            if (expected is null)
            {
                unreferenced++;
                continue;
            }

            foreach (var mode in (string[])["eager", "graph"])
            {
                if ((mode == "graph" && !IsLong && !IsCompiledInShortForm(call)) || (mode == "eager" && (IsOfGraphsAlone || IsTuned)))
                {
                    continue;
                }

                var actual = Try(mode, call, values, out var said, out var isFault);
                if (isFault)
                {
                    failures.Add($"{mode} {call}: {said}");
                    continue;
                }

                if (actual is null)
                {
                    refused.Add($"{call.DType.Text()} {mode}: {said}");
                    continue;
                }

                var (error, where) = Compare(call, expected, actual);
                if (where is null)
                {
                    passed++;
                    errors[call.DType] = Math.Max(error, errors.GetValueOrDefault(call.DType));
                }
                else
                {
                    failures.Add($"{mode} {call}: {where}; operands {string.Join(" | ", values.Select(v => string.Join(" ", v.Take(8))))}");
                }
            }
        }

        return new Outcome(op, passed, unreferenced, failures.ToImmutable(), errors.ToImmutable(), refused.ToImmutable());
    }

    // A compilation each: one dtype with every class of sizes, the others with the usual one.
    private static bool IsCompiledInShortForm(Case call)
    {
        var (isFirst, isUsual) = (call.DType is DType.F32 or DType.Bool, call.Sizes == "usual" && call.Values == Values.Normal);
        return call.Layout == Layout.Dense && (IsOfGraphsAlone ? isFirst && isUsual : isFirst || (call.DType is DType.F64 or DType.I32 && isUsual));
    }

    private static double[]? Try(string mode, Case call, ImmutableArray<double[]> values, out string said, out bool isFault)
    {
        (said, isFault) = ("runs eagerly", false);
        try
        {
            return mode == "eager" ? Modes.Eager(call, values) : Modes.Graph(call, values);
        }
        catch (NotSupportedException e)
        {
            said = e.Message;
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ShapeException or GraphCompileException or IndexOutOfRangeException or KeyNotFoundException)
        {
            (said, isFault) = ($"{e.GetType().Name}: {e.Message}", true);
            return null;
        }
    }

    private static double Wrapped(DType dtype, double value) => dtype switch
    {
        DType.U8 => unchecked((byte)(long)value),
        DType.I8 => unchecked((sbyte)(long)value),
        DType.I16 => unchecked((short)(long)value),
        DType.I32 => unchecked((int)(long)value),
        _ => value,
    };

    private static double[] Rounded(DType dtype, double[] values) =>
        values.Length == 0 ? values : Ops.Cast(Ops.Cast(Tensor.From<double>(values), dtype), DType.F64).ToArray<double>();

    private static (double Error, string? Where) Compare(Case call, double[] expected, double[] actual)
    {
        var type = call.Sample.Infer()[0];
        if (actual.Length != expected.Length)
        {
            return (0, $"{actual.Length} elements, not {expected.Length}");
        }

        var bound = type.DType switch
        {
            DType.F64 => call.Op.Tolerance.F64,
            DType.F32 => call.Op.Tolerance.F32,
            DType.F16 or DType.BF16 => call.Op.Tolerance.Half,
            _ => 0,
        };
        // Integers wrap; the reference may have computed them in a wider dtype.
        var rounded = type.DType.IsFloat() ? Rounded(type.DType, expected) : [.. expected.Select(e => Wrapped(type.DType, e))];
        var worst = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            if (actual[i].Equals(rounded[i]) || actual[i] == rounded[i])
            {
                continue;
            }

            // The reference may stay finite where the dtype does not, and the other way about by one rounding.
            var error = Math.Abs(actual[i] - expected[i]) / (1 + Math.Abs(expected[i]));
            if (!(error <= bound))
            {
                return (error, $"element {i} is {actual[i]:R}, not {expected[i]:R} (error {error:G3} above {bound:G3})");
            }

            worst = Math.Max(worst, error);
        }

        return (worst, null);
    }
}
