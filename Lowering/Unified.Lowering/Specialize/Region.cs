using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// A graph under construction within a frame: the function's own, or one that runs under a condition. What such a graph uses of the
/// graphs around it comes in as an input, at the first use.
/// </summary>
internal sealed class Region(GraphBuilder builder, Region? outer)
{
    private readonly Dictionary<OpValue, OpValue> _inputs = new(ReferenceEqualityComparer.Instance);
    private readonly List<OpValue> _taken = [];

    public GraphBuilder Builder { get; } = builder;

    public Region? Outer { get; } = outer;

    /// <summary>The values of the outer region that came in, in the order of their inputs.</summary>
    public IReadOnlyList<OpValue> Taken => _taken;

    /// <summary>What a value that came in is here.</summary>
    public OpValue InputOf(OpValue taken) => _inputs.First(i => ReferenceEquals(Outer!.Import(i.Key), taken)).Value;

    /// <summary>It runs once for each turn of a loop.</summary>
    public bool IsLoop { get; init; }

    /// <summary>It is the region, or runs within it under conditions alone.</summary>
    public bool IsBranchOf(Region? region) => ReferenceEquals(this, region) || (!IsLoop && Outer is { } outer && outer.IsBranchOf(region));

    /// <summary>It is the region, or stands in it.</summary>
    public bool IsWithin(Region region) => ReferenceEquals(this, region) || (Outer?.IsWithin(region) ?? false);

    public bool Owns(OpValue value) => ReferenceEquals(value.Builder, Builder);

    /// <summary>The value is of this graph, or of one around it.</summary>
    public bool Knows(OpValue value) => Owns(value) || (Outer?.Knows(value) ?? false);

    /// <summary>The value as one of this graph.</summary>
    public OpValue Import(OpValue value)
    {
        if (Owns(value))
        {
            return value;
        }

        if (!_inputs.TryGetValue(value, out var input))
        {
            var near = Outer?.Import(value) ?? throw new InvalidOperationException("a value is used outside of the branch or loop that computes it");
            input = Builder.Input($"v{_taken.Count}", value.Type, InputKind.Argument);
            _inputs.Add(value, input);
            _taken.Add(near);
        }

        return input;
    }
}
