using Microsoft.ML.OnnxRuntime;
using Unified.Benchmarks.Measuring;
using Unified.Lowering.Onnx;

namespace Unified.Benchmarks.Peers;

/// <summary>The same graph in ONNX Runtime, exported from the call; parameters are constants there, which it packs ahead of time.</summary>
public sealed class OnnxPeer : IDisposable
{
    private readonly SessionOptions _options;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly string[] _inputs;
    private readonly OrtValue[] _values;
    private readonly string[] _outputs;

    private OnnxPeer(GraphCall call, IReadOnlyList<Tensor> inputs, int threads)
    {
        _options = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            IntraOpNumThreads = threads,
        };
        _session = new InferenceSession(OnnxModel.Of(call.Function, call.Self, call.Arguments, GraphCall.BytesOf).ToBytes(), _options);
        _inputs = [.. _session.InputNames];
        _outputs = [.. _session.OutputNames];
        if (_inputs.Length != inputs.Count)
        {
            throw new InvalidOperationException($"the exported model takes {string.Join(", ", _inputs)}; {inputs.Count} inputs are given");
        }

        _values = [.. inputs.Select(Value)];
    }

    /// <param name="call">The call that is timed, as in <c>() =&gt; model.Forward(x)</c>.</param>
    /// <param name="inputs">Its tensors, in the order of the parameters.</param>
    public static IContender Of(Action call, IReadOnlyList<Tensor> inputs, int threads)
    {
        var peer = new OnnxPeer(GraphCall.Of(call), inputs, threads);
        return new InProcess("onnxruntime", peer.Run, peer);
    }

    public void Dispose()
    {
        foreach (var value in _values)
        {
            value.Dispose();
        }

        _run.Dispose();
        _session.Dispose();
        _options.Dispose();
    }

    private void Run()
    {
        using var results = _session.Run(_run, _inputs, _values, _outputs);
    }

    private static OrtValue Value(Tensor tensor)
    {
        long[] shape = [.. tensor.Shape.Select(d => (long)d)];
        return tensor.DType switch
        {
            Ir.DType.F32 => OrtValue.CreateTensorValueFromMemory(tensor.ToArray<float>(), shape),
            Ir.DType.I32 => OrtValue.CreateTensorValueFromMemory(tensor.ToArray<int>(), shape),
            Ir.DType.I64 => OrtValue.CreateTensorValueFromMemory(tensor.ToArray<long>(), shape),
            var other => throw new NotSupportedException($"an input of {other} has no form here yet"),
        };
    }
}
