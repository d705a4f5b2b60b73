using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Structure of a graph. The graph builder gives these their types: they depend on more than the operands.</summary>
internal static class StructuralOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.Gradient, nameof(GraphBuilder.Gradient), new("loss"), new("wrt", Variadic: true)),
        Row(OpCode.Tangent, nameof(GraphBuilder.Tangent), new("y"), new("watched", Variadic: true)),
        Row(OpCode.Example, nameof(GraphBuilder.Example), new OperandSpec("x")) with { Attributes = [new("axis", AttributeKind.Int)] },

        // As many results as it has results; then the examples that they were computed from.
        Row(OpCode.Examples, nameof(GraphBuilder.Examples), new OperandSpec("others", Variadic: true)) with { Attributes = [new("axes", AttributeKind.Dims)] },

        // The value, the tensors that it has gradients for, and what else the callee, which gives them, takes behind the cotangent.
        Row(OpCode.CustomGradient, nameof(GraphBuilder.CustomGradient), new("value"), new("others", Variadic: true)) with
        {
            Traits = OpTraits.Structural | OpTraits.RunsGraph,
            Attributes = [new("wrt", AttributeKind.Int)],
        },
        Row(OpCode.Watch, nameof(GraphBuilder.Watch), new OperandSpec("values", Variadic: true)),
        Row(OpCode.Call, nameof(GraphBuilder.Call), new OperandSpec("arguments", Variadic: true)) with { Traits = OpTraits.Structural | OpTraits.RunsGraph },

        // Both take as many values as they have results between the condition and the arguments.
        Row(OpCode.If, nameof(GraphBuilder.If), new("condition"), new("others", Variadic: true)) with { Traits = OpTraits.Structural | OpTraits.RunsGraph },
        Row(OpCode.While, nameof(GraphBuilder.While), new("condition"), new("others", Variadic: true)) with { Traits = OpTraits.Structural | OpTraits.RunsGraph },

        // A While that leaves a tape with what each turn started with, and the walk back over it.
        Row(OpCode.RecordedWhile, nameof(GraphBuilder.RecordedWhile), new("condition"), new("others", Variadic: true)) with
        {
            Traits = OpTraits.Structural | OpTraits.RunsGraph,
            Attributes = [new("saved", AttributeKind.Dims)],
        },
        Row(OpCode.Unwind, nameof(GraphBuilder.Unwind), new("tape"), new("others", Variadic: true)) with { Traits = OpTraits.Structural | OpTraits.RunsGraph },

        // A call of the user's managed code. The first operand and result put such calls in order: each takes what the one before it gave.
        Row(OpCode.HostCall, nameof(GraphBuilder.HostCall), new("order"), new("others", Variadic: true)) with
        {
            Traits = OpTraits.Structural | OpTraits.Managed | OpTraits.MayFail,
            Attributes = [new("call", AttributeKind.Int)],
            ResultCount = 2,
            Gradient = (_, _) => throw new GraphCompileException("a gradient through an [Eager] method, which only running it can record", null) { EagerIsPossible = true },
            Batch = (_, _) => throw new GraphCompileException("an [Eager] method is called for each example of a map", null) { EagerIsPossible = true },
        },
    ];

    private static Op Row(OpCode code, string method, params OperandSpec[] operands) => new(
        code,
        OpTraits.Structural,
        [.. operands],
        inputs => throw new InvalidOperationException($"{inputs.Op.Name} has no types of its own; add it with {nameof(GraphBuilder)}.{method}"));
}
