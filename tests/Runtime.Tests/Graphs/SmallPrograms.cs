using System.Collections.Immutable;
using Unified.Ir;
using static Unified.Tests.SmallKernels;

namespace Unified.Tests;

/// <summary>Hand-made program images over <see cref="SmallKernels"/>, and compiled functions of them.</summary>
internal static class SmallPrograms
{
    public static Dim N { get; } = Dim.Named("N");

    public static TensorType Vector(Dim size) => new(DType.F32, Shape.From(size));

    public static BufferPlan In(int index, Dim? size = null) => new(BufferKind.Input, index, (size ?? N) * 4, 0, 0);

    public static BufferPlan Out(int index, Dim? size = null) => new(BufferKind.Output, index, (size ?? N) * 4, 0, 0);

    public static BufferPlan Temporary(Dim bytes, int first, int last) => new(BufferKind.Temporary, -1, bytes, first, last);

    public static BufferPlan Frame(int program, int step) => new(BufferKind.Frame, program, Dim.Zero, step, step);

    public static GraphProgram Program(
        string name, int inputs, int outputs, ImmutableArray<BufferPlan> buffers, ImmutableArray<ProgramStep> steps, ImmutableArray<Donation> donations = default) => new(
        name, [.. Enumerable.Repeat(Vector(N), inputs)], [.. Enumerable.Repeat(Vector(N), outputs)], buffers, donations.IsDefault ? [] : donations, steps);

    public static ProgramImage Image(params GraphProgram[] programs) => new("test", ["N"], All, [.. programs], []);

    /// <summary>y = x + <paramref name="number"/>.</summary>
    public static ProgramImage Plus(long number) => Image(Program("plus", 1, 1, [In(0), Out(0)], [AddNumberStep(At(0), At(1), number, N)]));

    /// <summary>y = 2 x + 10, with a temporary.</summary>
    public static GraphProgram Doubling { get; } = Program(
        "double", 1, 1, [In(0), Out(0), Temporary(N * 4, 0, 1)],
        [AddNumberStep(At(0), At(2), 10, N), AddTensorsStep(At(2), At(0), At(1), N)]);

    /// <summary>Calls <paramref name="program"/> twice, the second time on the result of the first.</summary>
    public static GraphProgram Twice(string name, int program) => Program(
        name, 1, 1, [In(0), Out(0), Temporary(N * 4, 0, 1), Frame(program, 0), Frame(program, 1)],
        [new CallStep("first", program, [At(0)], [At(2)], 3), new CallStep("second", program, [At(2)], [At(1)], 4)]);

    /// <summary>The function of an image: arguments in, results out.</summary>
    public static CompiledFunction Function(ProgramImage image) => Function(
        image,
        [.. image.Programs[0].Inputs.Select((_, i) => new ArgumentBinding(i))],
        [.. image.Programs[0].Outputs.Select((_, i) => new ResultBinding(i))]);

    public static CompiledFunction Function(
        ProgramImage image, ImmutableArray<InputBinding> inputs, ImmutableArray<OutputBinding> outputs, ImmutableArray<Guard> guards = default) => new(
        image, inputs, outputs, outputs.Count(o => o is ResultBinding), guards.IsDefault ? [] : guards, new CompileStatistics(0, 0, 0, 1, image.Kernels.Length, 0));

    /// <summary>A function of which only the definition matters: its parameters' shapes, and what its thunks give.</summary>
    public static FunctionDefinition Definition(
        string key, ThunkInvoker? invoke = null, GuardChecker? check = null, params (string Name, Shape? Shape)[] parameters)
    {
        var function = new Function(
            key, [.. parameters.Select(p => new FunctionParameter(p.Name, Ir.ValueType.Tensor, p.Shape))], Ir.ValueType.Void,
            [.. parameters.Select(p => new Local(p.Name, Ir.ValueType.Tensor))], [], [], Block.Empty, 0);
        return new FunctionDefinition(key, FunctionCodec.Pack(function), invoke ?? ((_, _, _) => null), check ?? ((_, _, _, _) => true), (_, _) => null);
    }

    public static Tensor Numbers(int count, float first = 0) => Tensor.From<float>([.. Enumerable.Range(0, count).Select(i => first + i)], count);
}
