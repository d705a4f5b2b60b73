using Microsoft.ML.OnnxRuntime;
using Unified.Ir;
using Unified.Lowering;
using Unified.Lowering.Onnx;

namespace Unified.Conformance.Tests;

/// <summary>Whole models, exported from a call, give in ONNX Runtime what they give here in both modes.</summary>
public class WholeModelTests
{
    private static readonly SessionOptions s_options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };

    [Fact]
    public void Forward_agrees_for_sizes_that_the_export_did_not_see()
    {
        var model = new SmallTransformer();
        using var session = Export(GraphCall.Of(() => model.Forward(Bytes(1, 2))));
        foreach (var (rows, length) in ((int, int)[])[(1, 2), (3, 7), (2, 1)])
        {
            var bytes = Bytes(rows, length);
            var reference = Run(session, ["result0"], ("bytes", bytes))[0];
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                using (Execution.Use(mode))
                {
                    Close(reference, model.Forward(bytes), 1e-5);
                }
            }
        }
    }

    [Fact]
    public void Training_step_gives_the_loss_and_the_next_state()
    {
        var model = new SmallTransformer();
        var (bytes, next) = (Bytes(3, 7), Bytes(3, 7, 1));
        using var session = Export(GraphCall.Of(() => model.Step(bytes, next)));
        var names = session.OutputNames;
        Assert.Equal(model.Parameters.Count * 3 + 1, names.Count(n => n.EndsWith("_next", StringComparison.Ordinal)));
        var outputs = Run(session, [.. names], ("bytes", bytes), ("next", next));
        Tensor loss;
        using (Execution.Use(ExecutionMode.Eager))
        {
            loss = model.Step(bytes, next);
        }

        Close(outputs[names.ToList().IndexOf("result0")], loss, 1e-5);

        // Each tensor of the state now holds one of the outputs, and no output is left.
        var left = names.Index().Where(n => n.Item != "result0").Select(n => outputs[n.Index]).ToList();
        foreach (var (name, tensor) in model.NamedState())
        {
            var match = left.FindIndex(o => IsClose(o, tensor, 2e-5));
            if (match >= 0)
            {
                left.RemoveAt(match);
            }
            else
            {
                Assert.Fail($"{name} is none of the outputs");
            }
        }

        Assert.Empty(left);
    }

    [Fact]
    public void Mixed_precision_leaves_as_casts()
    {
        var model = new SmallTransformer();
        var bytes = Bytes(3, 7);
        var plain = GraphCall.Of(() => model.Forward(bytes));
        GraphCall mixed;
        using (MixedPrecision.Use(DType.F16))
        {
            mixed = GraphCall.Of(() => model.Forward(bytes));
        }

        Assert.Equal("f16 O1", mixed.Precision.ToString());
        int Casts(GraphCall call) => OnnxModel.Of(call.Function, call.Self, call.Arguments, GraphCall.BytesOf, call.Precision).OperatorCounts.GetValueOrDefault("Cast");
        Assert.True(Casts(mixed) > Casts(plain) + 10, $"{Casts(mixed)} casts, {Casts(plain)} in f32");
        using var session = Export(mixed);
        var reference = Run(session, ["result0"], ("bytes", bytes))[0];
        using (MixedPrecision.Use(DType.F16))
        {
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                using (Execution.Use(mode))
                {
                    var result = model.Forward(bytes);
                    Assert.Equal(DType.F16, result.DType);
                    Close(reference, result, 5e-3);
                }
            }
        }
    }

    [Fact]
    public void A_call_that_is_looked_at_does_not_happen()
    {
        var model = new SmallTransformer();
        var before = model.NamedState().Select(s => GraphCall.BytesOf(s.Tensor)).ToList();
        var call = GraphCall.Of(() => model.Step(Bytes(1, 2), Bytes(1, 2)));
        Assert.Same(model, call.Self);
        Assert.Equal(before, model.NamedState().Select(s => GraphCall.BytesOf(s.Tensor)));
        Assert.Throws<InvalidOperationException>(() => GraphCall.Of(() => { }));
    }

    private static InferenceSession Export(GraphCall call) =>
        new(OnnxModel.Of(call.Function, call.Self, call.Arguments, GraphCall.BytesOf, call.Precision).ToBytes(), s_options);

    private static Tensor Bytes(int rows, int length, int shift = 0) =>
        Tensor.From<int>([.. Enumerable.Range(shift, rows * length).Select(i => i * 7 % 11)], rows, length);

    private static double[][] Run(InferenceSession session, IReadOnlyList<string> outputs, params (string Name, Tensor Value)[] inputs)
    {
        var values = inputs.Select(i => OrtValue.CreateTensorValueFromMemory(i.Value.ToArray<int>(), [.. i.Value.Shape.Select(d => (long)d)])).ToArray();
        using var options = new RunOptions();
        using var results = session.Run(options, [.. inputs.Select(i => i.Name)], values, outputs);
        var data = results.Select(Doubles).ToArray();
        foreach (var value in values)
        {
            value.Dispose();
        }

        return data;
    }

    private static double[] Doubles(OrtValue value) => value.GetTensorTypeAndShape().ElementDataType switch
    {
        Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float => [.. value.GetTensorDataAsSpan<float>().ToArray().Select(x => (double)x)],
        Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16 => [.. value.GetTensorDataAsSpan<Float16>().ToArray().Select(x => (double)x.ToFloat())],
        Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 => [.. value.GetTensorDataAsSpan<long>().ToArray().Select(x => (double)x)],
        Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Double => value.GetTensorDataAsSpan<double>().ToArray(),
        _ => [.. value.GetTensorDataAsSpan<int>().ToArray().Select(x => (double)x)],
    };

    private static void Close(double[] expected, Tensor actual, double tolerance) => Assert.True(IsClose(expected, actual, tolerance));

    private static bool IsClose(double[] expected, Tensor actual, double tolerance)
    {
        using var doubles = Ops.Cast(actual, DType.F64);
        var data = doubles.ToArray<double>();
        var scale = Math.Max(1e-12, expected.Select(Math.Abs).DefaultIfEmpty(0).Max());
        return data.Length == expected.Length && data.Zip(expected).All(p => Math.Abs(p.First - p.Second) <= tolerance * scale);
    }
}
