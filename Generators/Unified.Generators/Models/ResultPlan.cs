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

internal sealed record TupleResult(EquatableArray<ResultItem> Items) : ResultPlan
{
    public override int Count => Items.Any(i => i.Plan.Count < 0) ? -1 : Items.Sum(i => i.Plan.Count);

    public override int Lists => Items.Sum(i => i.Plan.Lists);
}

/// <summary>An item of a tuple; the wrapper is there because records of records compare through it.</summary>
internal sealed record ResultItem(ResultPlan Plan);

/// <summary>An array or list of tensors of this type.</summary>
internal sealed record ListResult(string Type) : ResultPlan
{
    public override int Count => -1;

    public override int Lists => 1;
}
