using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;

namespace Unified.Tests;

/// <summary>A few f32 kernels of one axis, and hand-made steps that run them.</summary>
internal static class SmallKernels
{
    /// <summary>Numbers of the kernels in <see cref="All"/>.</summary>
    public const int AddNumber = 0, AddTensors = 1, Look = 2;

    private static readonly Lazy<ImmutableArray<KernelCode>> s_all = new(() =>
    [
        // y = x + p1
        Code("add_number", Row([false, true], 2, [Load(0), new ParameterNode(DType.F32, 1), Add(0, 1)])),

        // z = x + y
        Code("add_tensors", Row([false, false, true], 1, [Load(0), Load(1), Add(0, 1)])),

        // y = table[index], with p1 rows
        Code("look", new RowKernel(
            [new(DType.F32, false), new(DType.I64, false), new(DType.F32, true)], 2, 1,
            [new LoadNode(DType.I64, 1, [Stride.One]), new GatherNode(DType.F32, 0, [Stride.Zero], 0, Stride.One, 1)],
            [new Stage([], [new Store(2, [Stride.One], 1)])])),
    ]);

    public static ImmutableArray<KernelCode> All => s_all.Value;

    /// <summary>An object with read-only data and relocations to it.</summary>
    public static KernelCode WithConstants { get; } = Code(
        "sine", Row([false, true], 1, [Load(0), new ComputeNode(DType.F32, OpCode.Sin, [0])]));

    public static LaunchStep AddNumberStep(BufferRef x, BufferRef y, long number, Dim units) =>
        Step("add_number", AddNumber, [x, y], [units, number], units);

    public static LaunchStep AddTensorsStep(BufferRef x, BufferRef y, BufferRef z, Dim units) =>
        Step("add_tensors", AddTensors, [x, y, z], [units], units);

    public static LaunchStep LookStep(BufferRef table, BufferRef index, BufferRef y, Dim units, Dim extent) =>
        Step("look", Look, [table, index, y], [units, extent], units) with { Source = new SourceSpan("Model.cs", 3, 5, "table[index]") };

    public static BufferRef At(int buffer, Dim? offset = null) => new(buffer, offset ?? Dim.Zero);

    private static LaunchStep Step(string label, int kernel, ImmutableArray<BufferRef> buffers, ImmutableArray<Dim> parameters, Dim units) =>
        new(label, kernel, buffers, parameters, units, 64, Dim.Zero, units, units * 8);

    private static LoadNode Load(int buffer) => new(DType.F32, buffer, [Stride.One]);

    private static ComputeNode Add(int a, int b) => new(DType.F32, OpCode.Add, [a, b]);

    private static RowKernel Row(bool[] written, int parameters, ImmutableArray<ScalarNode> nodes) => new(
        [.. written.Select(w => new KernelBuffer(DType.F32, w))], parameters, 1, nodes,
        [new Stage([], [new Store(written.Length - 1, [Stride.One], nodes.Length - 1)])]);

    private static KernelCode Code(string symbol, LoopKernel kernel) => new("test/" + symbol, symbol, [.. X64Emitter.ForHost().Emit(kernel, symbol)]);
}
