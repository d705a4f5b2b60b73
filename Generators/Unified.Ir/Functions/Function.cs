using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The two kinds of value a static graph method works with, and what may hold them.</summary>
public enum ValueKind
{
    /// <summary>A tensor: becomes a value of the graph.</summary>
    Tensor,

    /// <summary>Anything else: known when the graph is specialized. A size may stay symbolic.</summary>
    Host,

    /// <summary>An array, list or tuple with tensors in it; its length is known at specialization.</summary>
    Aggregate,

    /// <summary>No value.</summary>
    Void,
}

/// <summary>The type of a register, parameter or local: its kind and the C# type's full name.</summary>
public sealed record ValueType(ValueKind Kind, string Name)
{
    public static ValueType Tensor { get; } = new(ValueKind.Tensor, "Tensor");

    public static ValueType Void { get; } = new(ValueKind.Void, "void");

    public override string ToString() => $"{Kind switch { ValueKind.Tensor => "tensor", ValueKind.Host => "host", ValueKind.Aggregate => "aggregate", _ => "void" }}<{Name}>";
}

/// <summary>
/// A parameter of a function. <paramref name="Shape"/> is what <c>[Shape("B", 784)]</c> said, else null. The parameters are
/// the first locals. An instance method's first parameter is <c>this</c>.
/// </summary>
public sealed record FunctionParameter(string Name, ValueType Type, Shape? Shape);

/// <summary>A variable of the C# method: parameters first, then locals (also those the capture made up).</summary>
public sealed record Local(string Name, ValueType Type);

/// <summary>
/// A C# host expression that stands in the generated companion and is evaluated there. Its arguments are host locals.
/// </summary>
/// <param name="Name">A few words of its source, for messages.</param>
/// <param name="IsGuard">It reads mutable state: checked again at each call.</param>
/// <param name="Result">Host; or Tensor/Aggregate where it yields state: parameters, buffers, lists of them.</param>
public sealed record Thunk(string Name, ValueType Result, ImmutableArray<ValueType> Arguments, bool IsGuard);

/// <summary>
/// One <c>[StaticGraph]</c> method as captured: typed, structured, shape-polymorphic. Registers are assigned once;
/// locals may be assigned again, as in the C# it came from.
/// </summary>
/// <param name="Key">The documentation id of the method: unique in the world of assemblies.</param>
/// <param name="Callees">Keys of the static graphs it calls; what they are for a given receiver, the companion says.</param>
public sealed record Function(
    string Key,
    ImmutableArray<FunctionParameter> Parameters,
    ValueType Result,
    ImmutableArray<Local> Locals,
    ImmutableArray<Thunk> Thunks,
    ImmutableArray<string> Callees,
    Block Body,
    int RegisterCount,
    SourceSpan? Source = null)
{
    /// <summary>What <c>[return: Shape(…)]</c> said.</summary>
    public Shape? ResultShape { get; init; }

    /// <summary>
    /// The variables that a caller gets back: <c>ref</c> and <c>out</c> parameters, in their order. Where there are any, every return gives an aggregate of
    /// the C# result, if the method has one, and the values of these. An <c>out</c> parameter is none of <see cref="Parameters"/>; what its
    /// <c>[Shape]</c> said stands here.
    /// </summary>
    public ImmutableArray<FunctionParameter> HandedBack { get; init; } = [];
}

/// <summary>A list of instructions. A block that yields a value to its owner names the register.</summary>
public sealed record Block(ImmutableArray<Instruction> Instructions, int Yield = Instruction.None)
{
    public static Block Empty { get; } = new([]);
}
