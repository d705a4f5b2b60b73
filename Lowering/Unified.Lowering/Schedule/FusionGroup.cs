using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>What kind of kernel a group becomes.</summary>
internal enum GroupKind
{
    /// <summary>Elementwise over one space.</summary>
    Pointwise,

    /// <summary>Reductions along the inner axis, and elementwise work on rows and along them.</summary>
    Row,

    /// <summary>Reductions along an outer axis, elementwise work before and after them.</summary>
    Column,

    /// <summary>A matrix product and what follows it elementwise.</summary>
    Contraction,

    /// <summary>One value written somewhere else; never joined.</summary>
    Copy,

    /// <summary>A kernel of its own, a call, or nothing but a meeting point of other groups.</summary>
    Fixed,
}

/// <summary>Values that one kernel computes. The maps say how each member's axes lie in the common iteration space.</summary>
/// <param name="Id">In the table of groups.</param>
/// <param name="Kind">What it becomes.</param>
/// <param name="Position">The first member: groups run in this order where they can.</param>
internal sealed record FusionGroup(int Id, GroupKind Kind, int Position)
{
    /// <summary>The members.</summary>
    public ImmutableSortedDictionary<int, AxisMap> Maps { get; init; } = ImmutableSortedDictionary<int, AxisMap>.Empty;

    /// <summary>For each reduction among the members, how its operand's axes lie in the space.</summary>
    public ImmutableSortedDictionary<int, AxisMap> Inputs { get; init; } = ImmutableSortedDictionary<int, AxisMap>.Empty;

    /// <summary>The reduced atoms, outermost first.</summary>
    public ImmutableArray<int> Reduced { get; init; } = [];

    /// <summary>Groups that must have run before.</summary>
    public ImmutableHashSet<int> Reads { get; init; } = [];

    /// <summary>Values from elsewhere that are loaded.</summary>
    public ImmutableHashSet<int> Loads { get; init; } = [];

    /// <summary>Values from elsewhere that are computed again in place.</summary>
    public ImmutableHashSet<int> Inlined { get; init; } = [];

    /// <summary>(member, operand) where the operand is taken from elsewhere even if it is a member, too.</summary>
    public ImmutableHashSet<(int Member, int Operand)> External { get; init; } = [];

    /// <summary>Copies that are read in place of values.</summary>
    public ImmutableSortedDictionary<int, ValueLayout> Copies { get; init; } = ImmutableSortedDictionary<int, ValueLayout>.Empty;

    /// <summary>The product of a contraction, or the work of a fixed group.</summary>
    public Node? Node { get; init; }

    /// <summary>What a copy writes, and where.</summary>
    public CopyWork? Copy { get; init; }

    /// <summary>Where the operands of a fixed group's node lie.</summary>
    public ImmutableArray<ValueLayout> Operands { get; init; } = [];

    /// <summary>The member that is computed last.</summary>
    public int Last => Maps.IsEmpty ? Position : Math.Max(Position, Maps.Keys.Max());

    public ImmutableHashSet<int> Space => [.. Maps.Values.Concat(Inputs.Values).SelectMany(m => m.Atoms)];

    public FusionGroup Replace(int atom, ImmutableArray<int> with) => this with
    {
        Maps = Maps.ToImmutableSortedDictionary(m => m.Key, m => m.Value.Replace(atom, with)),
        Inputs = Inputs.ToImmutableSortedDictionary(m => m.Key, m => m.Value.Replace(atom, with)),
        Reduced = AxisMap.Replace(Reduced, atom, with),
    };

    public FusionGroup Union(FusionGroup other) => this with
    {
        Position = Math.Min(Position, other.Position),
        Maps = Maps.AddRange(other.Maps),
        Inputs = Inputs.AddRange(other.Inputs),
        Reads = Reads.Union(other.Reads),
        Loads = Loads.Union(other.Loads),
        Inlined = Inlined.Union(other.Inlined),
        External = External.Union(other.External),
        Node = Node ?? other.Node,
    };
}

/// <summary>Writes a value, or a number where it is -1, element by element.</summary>
/// <param name="Target">Strides for the axes of <paramref name="Shape"/>, which is the source's own.</param>
internal sealed record CopyWork(int Source, double Fill, TensorType Type, ValueLayout Target);
