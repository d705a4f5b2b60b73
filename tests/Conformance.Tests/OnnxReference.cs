using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Unified.Ir;
using Unified.Ir.Tests.Ops;
using Unified.Lowering.Onnx;

namespace Unified.Conformance.Tests;

/// <summary>
/// The result of a call by ONNX Runtime, as doubles. Floats are computed in f64 where it can, else in f32; integers in their own
/// dtype, else in a wider one. Null where it has no kernel, or no op.
/// </summary>
internal static class OnnxReference
{
    // Its warnings about models are no results.
    private static readonly SessionOptions s_options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, IntraOpNumThreads = 1 };

    private static readonly HashSet<(OpSample, Way)> s_refused = [];

    /// <summary>The dtype to compute in, and whether by the op's ONNX form or by its definition in primitive ops.</summary>
    private sealed record Way(DType DType, bool ByDefinition = false);

    public static double[]? Run(Case call, ImmutableArray<double[]> values)
    {
        foreach (var way in Ways(call))
        {
            // A wider integer has other extremes; an attribute of ONNX is an f32.
            // Its Einsum and Scan of no elements end the process.
            if (s_refused.Contains((call.Sample, way)) || (call is { Sizes: "empty", Op.Code: OpCode.Einsum or OpCode.CumProd or OpCode.LinearScan } && !way.ByDefinition) || (way.ByDefinition && call.Op.Definition is null)
                || (call.Sizes == "empty" && way.DType != call.DType && !call.DType.IsFloat())
                || (way is { DType: DType.F64, ByDefinition: false } && call.Op.Definition is not null && LosesDigits(call)))
            {
                continue;
            }

            try
            {
                if (Run(call, way, values) is { } result)
                {
                    return result;
                }
            }
            catch (OnnxRuntimeException)
            {
                s_refused.Add((call.Sample, way));
            }
            catch (NotSupportedException)
            {
                return null;
            }
        }

        return null;
    }

    // An f64 result is never compared with an f32 one.
    private static IEnumerable<Way> Ways(Case call) => call.DType switch
    {
        DType.Bool => [new(DType.Bool)],
        DType.F64 => [new(DType.F64), new(DType.F64, ByDefinition: true)],
        var d when d.IsFloat() => [new(DType.F64), new(DType.F32), new(DType.F64, ByDefinition: true)],
        DType.I64 => [new(DType.I64), new(DType.I32), new(DType.F64), new(DType.I64, ByDefinition: true)],
        var d => [new(d), new(DType.I32), new(DType.I64), new(DType.F64), new(d, ByDefinition: true)],
    };

    private static bool LosesDigits(Case call) =>
        call.Op.Complete(call.Sample.Attributes).Items.Any(a => a.Value is FloatAttribute f && (float)f.Value != f.Value);

    private static double[]? Run(Case call, Way way, ImmutableArray<double[]> values)
    {
        var (sample, from, to) = (call.Sample, call.DType, way.DType);
        var builder = new GraphBuilder("call");
        ImmutableArray<TensorType> types = [.. sample.Operands.Select((t, i) => call.Main[i] ? t with { DType = to } : t)];
        ImmutableArray<OpValue> operands = [.. types.Select((t, i) => (OpValue)builder.Input($"x{i}", t, InputKind.Argument))];
        var attributes = sample.Attributes.Items.Aggregate(Attributes.Empty, (all, a) => all.With(
            a.Key, a.Value is DTypeAttribute stated && stated.Value == from && call.Main.Contains(true) && sample.Code != OpCode.Cast ? new DTypeAttribute(to) : a.Value));
        var result = way.ByDefinition
            ? sample.Op.Definition!(builder, operands, sample.Op.Complete(attributes))[0]
            : builder.Apply(sample.Op, operands, attributes)[0];
        builder.Output(result, OutputKind.Result);
        var model = OnnxModel.Of(new GraphModule([builder.Build()])).ToBytes();
        using var session = new InferenceSession(model, s_options);
        var inputs = types.Select((t, i) => Value(t, values[i])).ToArray();
        using var options = new RunOptions();
        using var outputs = session.Run(options, [.. types.Select((_, i) => $"x{i}")], inputs, ["result0"]);
        if (!result.Shape.Select(d => d.Value).SequenceEqual(outputs[0].GetTensorTypeAndShape().Shape))
        {
            // Its shape rule forgets an axis of size 0 in some folds.
            Assert.True(result.Shape.Any(d => d.Is(0)), $"{call}: shape {string.Join(",", outputs[0].GetTensorTypeAndShape().Shape)}");
            return null;
        }

        var data = Read(outputs[0], result.DType);
        foreach (var input in inputs)
        {
            input.Dispose();
        }

        return data;
    }

    private static OrtValue Value(TensorType type, double[] data)
    {
        long[] shape = [.. type.Shape.Select(d => d.Value)];
        return type.DType switch
        {
            DType.Bool => Make(data, x => x != 0, shape),
            DType.U8 => Make(data, x => (byte)x, shape),
            DType.I8 => Make(data, x => (sbyte)x, shape),
            DType.I16 => Make(data, x => (short)x, shape),
            DType.I32 => Make(data, x => (int)x, shape),
            DType.I64 => Make(data, x => (long)x, shape),
            DType.F32 => Make(data, x => (float)x, shape),
            DType.F64 => Make(data, x => x, shape),
            var other => throw new NotSupportedException($"{other} in the reference"),
        };
    }

    private static OrtValue Make<T>(double[] data, Func<double, T> convert, long[] shape)
        where T : unmanaged => OrtValue.CreateTensorValueFromMemory([.. data.Select(convert)], shape);

    private static double[] Read(OrtValue value, DType dtype) => dtype switch
    {
        DType.Bool => Read<bool>(value, x => x ? 1 : 0),
        DType.U8 => Read<byte>(value, x => x),
        DType.I8 => Read<sbyte>(value, x => x),
        DType.I16 => Read<short>(value, x => x),
        DType.I32 => Read<int>(value, x => x),
        DType.I64 => Read<long>(value, x => x),
        DType.F32 => Read<float>(value, x => x),
        DType.F64 => Read<double>(value, x => x),
        var other => throw new NotSupportedException($"{other} in the reference"),
    };

    private static double[] Read<T>(OrtValue value, Func<T, double> convert)
        where T : unmanaged
    {
        var span = value.GetTensorDataAsSpan<T>();
        var result = new double[span.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = convert(span[i]);
        }

        return result;
    }
}
