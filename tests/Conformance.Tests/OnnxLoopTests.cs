using Microsoft.ML.OnnxRuntime;
using Unified.Ir;
using Unified.Lowering;
using Unified.Lowering.Onnx;

namespace Unified.Conformance.Tests;

/// <summary>What becomes If, Loop or Scan in ONNX gives there what it gives here: ops that ONNX has no operator for, and branches and loops of a method.</summary>
[Collection("one call at a time")]
public class OnnxLoopTests
{
    private static readonly SessionOptions s_options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };

    private static readonly OpCode[] s_codes =
    [
        OpCode.CumProd, OpCode.LinearScan, OpCode.Cholesky, OpCode.TriangularSolve, OpCode.Solve, OpCode.SlogDet, OpCode.MatrixExp, OpCode.QrFactors,
        OpCode.EighFactors, OpCode.SvdFactors, OpCode.Inverse, OpCode.RandomUniform,
    ];

    public static TheoryData<string> OpNames => [.. s_codes.Select(c => OpTable.Get(c).Name)];

    public static TheoryData<string> Methods => [nameof(ControlModel.Branch), nameof(ControlModel.Turns), nameof(ControlModel.Fit), nameof(ControlModel.Noisy), nameof(ControlModel.Guarded)];

    [Theory]
    [MemberData(nameof(OpNames))]
    public void An_op_gives_in_ONNX_Runtime_what_it_gives_here(string name)
    {
        var op = OpTable.Find(name)!;
        var ran = 0;
        foreach (var call in Case.Of(op, isLong: true).Where(c => c is { Layout: Layout.Dense, DType: DType.F64 or DType.F32 or DType.I64 }))
        {
            var values = call.Draw();
            if (OnnxReference.Run(call, values) is not { } expected)
            {
                Assert.True(call.Sizes == "empty", $"{call}: ONNX Runtime takes no such model");
                continue;
            }

            var actual = Modes.Eager(call, values);
            var bound = op.Code == OpCode.RandomUniform ? 0 : call.DType == DType.F32 ? 1e-5 : 1e-11;
            Assert.Equal(expected.Length, actual.Length);
            Assert.All(expected.Zip(actual), p => Assert.True(
                p.First.Equals(p.Second) || Math.Abs(p.First - p.Second) <= bound * (1 + Math.Abs(p.Second)), $"{call}: {p.First:R} in ONNX Runtime, {p.Second:R} here"));
            ran++;
        }

        Assert.True(ran > 0, "no case ran");
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    public void Draws_are_the_same_numbers_for_any_seed_and_offset(DType dtype)
    {
        var builder = new GraphBuilder("draw");
        var state = builder.Input("state", new TensorType(DType.I64, Shape.Of(2)), InputKind.Argument);
        var drawn = builder.Apply(OpCode.RandomUniform, Attributes.Empty.With("shape", [3, 7]).With("dtype", dtype), state);
        builder.Output(builder.Cast(drawn, DType.F64), OutputKind.Result);
        using var session = new InferenceSession(OnnxModel.Of(new GraphModule([builder.Build()])).ToBytes(), s_options);
        foreach (var (seed, offset) in ((long, long)[])[(0, 0), (-1, 5), (long.MinValue, 1L << 40), (0x123456789abcdef, uint.MaxValue - 2L)])
        {
            var here = Ops.Cast(Ops.RandomUniform(Tensor.From<long>([seed, offset]), [3, 7], dtype), DType.F64).ToArray<double>();
            using var options = new RunOptions();
            using var given = OrtValue.CreateTensorValueFromMemory((long[])[seed, offset], [2]);
            using var results = session.Run(options, ["state"], [given], ["result0"]);
            Assert.Equal(here, results[0].GetTensorDataAsSpan<double>().ToArray());
            Assert.Equal(21, here.Distinct().Count() + (dtype is DType.BF16 or DType.F16 ? 21 - here.Distinct().Count() : 0));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_method_gives_in_ONNX_Runtime_what_it_gives_in_both_modes(string method)
    {
        var exported = new ControlModel();
        var call = GraphCall.Of(() => exported.Call(method, Numbers(2, 0)));
        var model = OnnxModel.Of(call.Function, call.Self, call.Arguments, GraphCall.BytesOf, call.Precision);
        Assert.True(model.OperatorCounts.ContainsKey(method is nameof(ControlModel.Branch) or nameof(ControlModel.Guarded) ? "If" : "Loop"));
        using var session = new InferenceSession(model.ToBytes(), s_options);
        foreach (var (rows, shift) in ((int, float)[])[(1, 0), (4, 3), (2, -5)])
        {
            var x = Numbers(rows, shift);
            using var options = new RunOptions();
            using var given = OrtValue.CreateTensorValueFromMemory(x.ToArray<float>(), [rows, 3]);
            using var results = session.Run(options, ["x"], [given], ["result0"]);
            var reference = results[0].GetTensorDataAsSpan<float>().ToArray();
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                using (Execution.Use(mode))
                {
                    var here = new ControlModel().Call(method, x).ToArray<float>();
                    Assert.Equal(here.Length, reference.Length);
                    Assert.All(here.Zip(reference), p => Assert.True(Math.Abs(p.First - p.Second) <= 1e-5 * (1 + Math.Abs(p.First)), $"{method}, {rows} rows, {mode}: {p.Second} is not {p.First}"));
                }
            }
        }
    }

    [Fact]
    public void A_call_of_an_eager_method_is_named()
    {
        var model = new ControlModel();
        var call = GraphCall.Of(() => model.Logged(Numbers(1, 0)));
        var error = Assert.Throws<NotSupportedException>(() => OnnxModel.Of(call.Function, call.Self, call.Arguments, GraphCall.BytesOf));
        Assert.Contains("[Eager] method has no form in ONNX (", error.Message);
        Assert.Contains("ControlModel.cs", error.Message);
    }

    private static Tensor Numbers(int rows, float shift) => Tensor.From<float>([.. Enumerable.Range(0, rows * 3).Select(i => (i * 7 % 5 * 0.25f) + shift)], rows, 3);
}
