namespace Unified.Generators;

/// <summary>How a method's result is put together from the tensors that a graph returns, in the order of a walk through it.</summary>
internal abstract record ResultPlan
{
    /// <summary>The number of tensors, or -1 where a list makes it known only at run time.</summary>
    public abstract int Count { get; }

    /// <summary>The number of lists in it.</summary>
    public virtual int Lists => 0;
}

internal sealed record VoidResult : ResultPlan
{
    public override int Count => 0;
}

internal sealed record TensorResult : ResultPlan
{
    public override int Count => 1;
}

/// <summary>A number or bool of this C# type, which comes as a tensor of rank 0.</summary>
internal sealed record NumberResult(string Type) : ResultPlan
{
    public override int Count => 1;
}

internal sealed record TupleResult(EquatableArray<ResultPlan> Items) : ResultPlan
{
    public override int Count => Items.Any(i => i.Count < 0) ? -1 : Items.Sum(i => i.Count);

    public override int Lists => Items.Sum(i => i.Lists);
}

/// <summary>A record whose constructor takes these.</summary>
internal sealed record RecordResult(string Type, EquatableArray<ResultPlan> Items) : ResultPlan
{
    public override int Count => Items.Any(i => i.Count < 0) ? -1 : Items.Sum(i => i.Count);

    public override int Lists => Items.Sum(i => i.Lists);
}

/// <summary>An array or list of tensors of this type.</summary>
internal sealed record ListResult(string Type) : ResultPlan
{
    public override int Count => -1;

    public override int Lists => 1;
}
