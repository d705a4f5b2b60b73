using Unified.Ir;

namespace Unified;

/// <summary>
/// The method is captured while it compiles, and calls of it run the compiled graph in <see cref="ExecutionMode.Graph"/> and
/// the method itself in <see cref="ExecutionMode.Eager"/>, with the same result. Its type must be <c>partial</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StaticGraphAttribute : Attribute;

/// <summary>
/// A method that stays eager: an override of a static graph, or one that static graphs call as they run. Its tensor arguments are copies of the graph's, and
/// its result, a tensor, a number or nothing, is copied back; a tensor's sizes are those of <c>[return: Shape(…)]</c>, ints and names of the
/// shapes of its parameters. Each call stops the graph until it is done. No gradient flows through it in a graph: such a function runs eagerly.
/// It must not change what the graph goes on to read.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EagerAttribute : Attribute
{
    /// <summary>The result has the dtype of the first tensor argument.</summary>
    public EagerAttribute()
    {
    }

    /// <param name="result">The dtype of the tensor that it returns.</param>
    public EagerAttribute(DType result) => Result = result;

    /// <summary>The dtype of the tensor that it returns; null: that of its first tensor argument.</summary>
    public DType? Result { get; }
}

/// <summary>
/// The dims of a tensor parameter or result, or of a tensor in a field or property: an int is a constant, a string a name, <c>null</c> or
/// <c>"?"</c> says nothing. A graph compiled for a named dim serves every size of it. <c>".."</c> in first place stands for any axes before
/// those stated; such a shape is only checked while typing. There, a name that is a parameter of the type's constructor means its value, so
/// that <c>[Shape("..", "inputs")]</c> on a layer's input says 784 for <c>new Linear(784, 10)</c>. Two sizes with different names are never
/// taken to differ.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ShapeAttribute(params object?[] dims) : Attribute
{
    public object?[] Dims { get; } = dims;
}

/// <summary>
/// Generated for each public record or plain type with tensors whose constructor only keeps values: static graphs of other assemblies know by it how to
/// take such objects apart.
/// </summary>
/// <param name="parameters">The number of the constructor's parameters: the first members, by name.</param>
/// <param name="members">All state of the type.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class PlainTypeAttribute(Type type, int parameters, params string[] members) : Attribute
{
    public Type Type { get; } = type;

    public int Parameters { get; } = parameters;

    public string[] Members { get; } = members;
}

/// <summary>
/// The eager method that means an operator. Parameters are bound to the op's operands and attributes by name; the receiver of
/// an instance method is the first operand.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class OpAttribute(OpCode code) : Attribute
{
    public OpCode Code { get; } = code;
}

/// <summary>A member the capture knows by itself: <c>shape</c>, <c>rank</c>, <c>assign</c>, <c>index</c>, <c>value_and_grad</c>,
/// <c>item</c>, <c>truth</c>, <c>number</c>, <c>zeros</c>, <c>ones</c>, <c>dispose</c>.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class IntrinsicAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>Written by the generator: the assembly has a public static graph of this method name.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class StaticGraphIndexAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
