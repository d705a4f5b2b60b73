using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>What kind of kernel, or kernels, a group becomes.</summary>
internal enum GroupKind
{
    /// <summary>Elementwise work and reductions along the last axis.</summary>
    Row,

    /// <summary>A reduction along the last but one axis, with elementwise work before it.</summary>
    Column,

    /// <summary>A matrix product with elementwise work after it.</summary>
    Contraction,

    /// <summary>One op with launches of its own.</summary>
    Single,
}

/// <summary>Nodes that run together over one iteration space.</summary>
internal sealed class Group(int number, GroupKind kind, Shape domain)
{
    public int Number { get; } = number;

    public GroupKind Kind { get; } = kind;

    public Shape Domain { get; } = domain;

    /// <summary>Node positions in the graph, ascending.</summary>
    public SortedSet<int> Nodes { get; } = [];

    /// <summary>For each value made here, how its axes run along the domain's.</summary>
    public Dictionary<int, ImmutableArray<int>> Maps { get; } = [];

    public bool HasReduction { get; set; }

    /// <summary>The groups whose values it reads.</summary>
    public HashSet<Group> Reads { get; } = [];
}
