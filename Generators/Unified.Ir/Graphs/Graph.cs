using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>One op applied to values. Values are numbered within their graph.</summary>
/// <param name="Callee">For <see cref="OpCode.Call"/>: the name of the called graph in the same module.</param>
/// <param name="Source">The C# expression the node came from, for messages; not part of its meaning.</param>
public sealed record Node(
    Op Op, ImmutableArray<int> Operands, ImmutableArray<int> Results, Attributes Attributes, string? Callee = null, SourceSpan? Source = null)
{
    /// <summary>Of a call: it is not to become part of its caller.</summary>
    public bool IsApart => Attributes.Find("apart") is not null;

    /// <summary>Reserved for ops on tensors that hold code (<c>if</c>, <c>while</c>).</summary>
    public ImmutableArray<Graph> Regions { get; init; } = [];
}

/// <summary>What feeds a graph input.</summary>
public enum InputKind
{
    /// <summary>An argument of the call.</summary>
    Argument,

    /// <summary>A tensor reached from a host object: a parameter, a buffer, an optimizer's moment.</summary>
    State,
}

/// <summary>An input; its value number is its position.</summary>
public sealed record GraphInput(string Name, TensorType Type, InputKind Kind);

/// <summary>What becomes of a graph output.</summary>
public enum OutputKind
{
    /// <summary>Returned to the caller.</summary>
    Result,

    /// <summary>Written over the state that feeds input <see cref="GraphOutput.Input"/>, after all reads of the old value.</summary>
    Assign,

    /// <summary>A new tensor that a host field is set to after the run. Which field, the compiled function's binding says.</summary>
    Rebind,
}

/// <param name="Value">The value that leaves the graph.</param>
/// <param name="Input">For <see cref="OutputKind.Assign"/>: the state input that is overwritten; else -1.</param>
public sealed record GraphOutput(int Value, OutputKind Kind, int Input = -1);

/// <summary>
/// One static dataflow graph. Value numbers 0 … Inputs.Length-1 are the inputs; every further value is the result of exactly
/// one node; nodes stand in an order in which operands come before their uses.
/// </summary>
public sealed record Graph(
    string Name, ImmutableArray<GraphInput> Inputs, ImmutableArray<Node> Nodes, ImmutableArray<GraphOutput> Outputs, ImmutableArray<TensorType> Types)
{
    /// <summary>The type of a value.</summary>
    public TensorType TypeOf(int value) => Types[value];

    public int ValueCount => Types.Length;
}

/// <summary>A root graph and the sub-graphs it calls. Dim names mean the same in all of them.</summary>
/// <param name="Graphs">The root first; callees after their callers or before, in any order.</param>
public sealed record GraphModule(ImmutableArray<Graph> Graphs)
{
    public Graph Root => Graphs[0];

    public Graph Get(string name) => Graphs.FirstOrDefault(g => g.Name == name)
        ?? throw new KeyNotFoundException($"module has no graph '{name}'");
}
