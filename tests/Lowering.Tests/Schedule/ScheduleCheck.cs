using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Builds small graphs, schedules them, and compares with the op-by-op reference.</summary>
internal static class ScheduleCheck
{
    public static readonly Dim B = Dim.Named("B");
    public static readonly Dim T = Dim.Named("T");

    public static TensorType F32(params Dim[] shape) => new(DType.F32, Shape.From(shape));

    public static TensorType I64(params Dim[] shape) => new(DType.I64, Shape.From(shape));

    /// <summary>A module of one graph, its composites expanded. The function gives results; assigned inputs come as (value, input).</summary>
    public static GraphModule Module(TensorType[] inputs, Func<GraphBuilder, GraphValue[], OpValue[]> body, Func<GraphBuilder, GraphValue[], (OpValue, int)[]>? assigned = null)
    {
        var builder = new GraphBuilder("main");
        GraphValue[] values = [.. inputs.Select((t, i) => builder.Input($"x{i}", t, assigned is null ? InputKind.Argument : InputKind.State))];
        foreach (var output in body(builder, values))
        {
            builder.Output(output, OutputKind.Result);
        }

        foreach (var (value, input) in assigned?.Invoke(builder, values) ?? [])
        {
            builder.Output(value, OutputKind.Assign, input);
        }

        return Lower(new GraphModule([builder.Build()]));
    }

    public static GraphModule Lower(GraphModule module) => Pipeline.Run(module, new PassContext(Verify: true) { HasKernel = Scheduler.HasKernel });

    /// <summary>Schedules, runs and compares at the given sizes.</summary>
    public static ScheduledModule Check(GraphModule module, params (long B, long T)[] sizes) => Check(module, ConvolutionKernels.ByCost, sizes);

    public static ScheduledModule Check(GraphModule module, ConvolutionKernels convolutions, params (long B, long T)[] sizes)
    {
        var scheduled = Scheduler.Schedule(module, SchedulePlan.Usual with { Convolutions = convolutions });
        foreach (var (b, t) in sizes.Length == 0 ? [(3, 5), (1, 1), (2, 33)] : sizes)
        {
            var dims = new Dictionary<string, long> { ["B"] = b, ["T"] = t };
            var evaluator = new GraphEvaluator(module, dims);
            var random = new Random(17);
            Array[] inputs = [.. module.Root.Inputs.Select(i => Random(i.Type, evaluator.Sizes(i.Type.Shape), random))];
            var expected = evaluator.Run(module.Root.Name, inputs);
            var program = new ProgramInterpreter(scheduled, dims);
            var actual = program.Run(inputs);
            Assert.False(program.IsOutOfRange);
            for (var i = 0; i < expected.Length; i++)
            {
                Compare(expected[i], actual[i], $"output {i} at B={b}, T={t}");
            }
        }

        return scheduled;
    }

    /// <summary>As <see cref="Check"/>, with compiled kernels in their own precision.</summary>
    public static void CheckNative(GraphModule module, params (long B, long T)[] sizes) => CheckNative(module, ConvolutionKernels.ByCost, 1e-4, sizes);

    public static void CheckNative(GraphModule module, double tolerance, params (long B, long T)[] sizes) => CheckNative(module, ConvolutionKernels.ByCost, tolerance, sizes);

    public static void CheckNative(GraphModule module, ConvolutionKernels convolutions, params (long B, long T)[] sizes) => CheckNative(module, convolutions, 1e-4, sizes);

    private static void CheckNative(GraphModule module, ConvolutionKernels convolutions, double tolerance, (long B, long T)[] sizes)
    {
        var scheduled = Scheduler.Schedule(module, SchedulePlan.Usual with { Convolutions = convolutions });
        foreach (var (b, t) in sizes)
        {
            var dims = new Dictionary<string, long> { ["B"] = b, ["T"] = t };
            var evaluator = new GraphEvaluator(module, dims);
            var random = new Random(17);
            Array[] inputs = [.. module.Root.Inputs.Select(i => Random(i.Type, evaluator.Sizes(i.Type.Shape), random))];
            var expected = evaluator.Run(module.Root.Name, inputs);
            using var program = new NativePrograms(scheduled, dims);
            var actual = program.Run(inputs);
            for (var i = 0; i < expected.Length; i++)
            {
                // Gradients that cancel to zero keep what f32 rounds off the terms, which are as large as their neighbours.
                Compare(expected[i], actual[i], $"output {i} at B={b}, T={t}", tolerance, ofLargest: true);
            }
        }
    }

    /// <summary>How many kernels the root launches.</summary>
    public static int Launches(this ScheduledModule module) => module.Programs[0].Steps.OfType<LaunchStep>().Count();

    public static string Text(this ScheduledModule module) => string.Join('\n', module.Programs.Select(p =>
        $"{p.Name}: " + string.Join(" | ", p.Steps.Select(s => s.Label))));

    private static Array Random(TensorType type, ImmutableArray<long> shape, Random random) => Array.From(type.DType, shape, _ => type.DType switch
    {
        DType.Bool => random.Next(2),
        var t when t.IsFloat() => (random.NextDouble() * 2) - 1,
        _ => random.Next(0, 4),
    });

    private static void Compare(Array expected, Array actual, string what, double tolerance = 1e-9, bool ofLargest = false)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Data.Length, actual.Data.Length);
        var largest = ofLargest ? expected.Data.Select(Math.Abs).DefaultIfEmpty(0).Max() : 0;
        for (var i = 0; i < expected.Data.Length; i++)
        {
            var (e, a) = (expected.Data[i], actual.Data[i]);
            Assert.True(e == a || (double.IsNaN(e) && double.IsNaN(a)) || Math.Abs(e - a) <= tolerance * (1 + Math.Max(largest, Math.Abs(e))), $"{what}: element {i} is {a}, not {e}");
        }
    }
}
